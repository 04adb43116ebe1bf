import { counted } from "../../../core/counted.ts";
import type { Check } from "../../../ports/preflight.ts";
import { type CheckSession, userRelations } from "./source-queries.ts";

/** Names told of what cannot be read. */
const maxNames = 20;

/** Whether this user may read every table, sequence and large object whole. */
export async function checkReadable(session: CheckSession): Promise<Check[]> {
  const problems = [
    await unreadable(session, tablesWithoutRight, "table", readAllHint(session)),
    await unreadable(session, sequencesWithoutRight, "sequence", readAllHint(session)),
    await unreadable(
      session,
      objectsWithoutRight,
      "large object",
      "GRANT SELECT ON LARGE OBJECT, or back up as their owner",
    ),
    await hiddenRows(session),
  ].flatMap((check) => check ?? []);
  if (problems.length > 0) return problems;
  const [all] = await session.rows(`SELECT pg_catalog.count(*) AS tables ${userRelations} AND c.relkind IN ('r', 'p')`);
  return [{ name: "rights", status: "ok", message: `all ${all!.tables} tables can be read` }];
}

/** Each gives the names of what stands in the way. */
const tablesWithoutRight =
  `SELECT n.nspname || '.' || c.relname AS name ${userRelations} AND c.relkind IN ('r', 'p') AND NOT ` +
  "(pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))";
const sequencesWithoutRight =
  `SELECT n.nspname || '.' || c.relname AS name ${userRelations} AND c.relkind = 'S' AND NOT ` +
  "(pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT'))";
const tablesWithHiddenRows =
  `SELECT n.nspname || '.' || c.relname AS name ${userRelations} AND c.relkind IN ('r', 'p') ` +
  "AND pg_catalog.row_security_active(c.oid)";
const objectsWithoutRight =
  "SELECT m.oid::pg_catalog.text AS name FROM pg_catalog.pg_largeobject_metadata m " +
  "WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) " +
  "AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE') AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(m.lomacl) a " +
  "WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))";

function readAllHint({ capabilities }: CheckSession): string {
  return capabilities.readAllDataRole
    ? "GRANT pg_read_all_data TO this role, or back up as the owner"
    : "GRANT USAGE on the schemas and SELECT on what is in them, or back up as the owner";
}

async function unreadable(
  session: CheckSession,
  query: string,
  what: string,
  hint: string,
): Promise<Check | undefined> {
  const { count, names } = await namesOf(session, query);
  if (count === 0) return undefined;
  return {
    name: "rights",
    status: "error",
    message: `no right to SELECT from ${counted(count, what)}`,
    details: names,
    hint,
  };
}

async function hiddenRows(session: CheckSession): Promise<Check | undefined> {
  const { count, names } = await namesOf(session, tablesWithHiddenRows);
  if (count === 0) return undefined;
  const message = `row security would hide rows from this user in ${counted(count, "table")}`;
  return {
    name: "rights",
    status: "error",
    message,
    details: names,
    hint: "back up as their owner, or as a role with BYPASSRLS",
  };
}

async function namesOf({ rows, decode }: CheckSession, query: string): Promise<{ count: number; names: string[] }> {
  const found = await rows(
    `SELECT name, pg_catalog.count(*) OVER () AS count FROM (${query}) q ORDER BY 1 LIMIT ${maxNames}`,
  );
  return { count: Number(found[0]?.count ?? 0), names: found.map(({ name }) => decode(name!)) };
}
