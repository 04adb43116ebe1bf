import { parseTextArray } from "../sql/pg-array.ts";
import { CatalogMap } from "./catalog-map.ts";
import type { Answers, Queries } from "./catalog-queries.ts";
import { Catalog, firstNormalOid, type Row, type SharedFacts } from "./catalog-reader.ts";

type Name = "database" | "roles" | "extensions" | "members" | "dependents" | "initial";

const none: readonly string[] = [];

/** What nearly every object type needs. */
export const sharedQueries: Queries<Name> = {
  database:
    "SELECT d.oid, d.datname, pg_catalog.pg_get_userbyid(d.datdba) AS owner, " +
    "pg_catalog.current_setting('is_superuser') AS is_superuser, " +
    "pg_catalog.pg_is_in_recovery() AS recovery FROM pg_catalog.pg_database d " +
    "WHERE d.datname = pg_catalog.current_database()",
  roles: "SELECT oid, rolname FROM pg_catalog.pg_roles",
  extensions: "SELECT oid, extname, extconfig, extcondition FROM pg_catalog.pg_extension ORDER BY oid",
  members: `SELECT classid, objid, refobjid FROM pg_catalog.pg_depend WHERE deptype = 'e' AND refclassid = ${Catalog.pg_extension}`,
  dependents:
    "SELECT d.classid, d.objid, e.extname FROM pg_catalog.pg_depend d " +
    "JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid " +
    `WHERE d.refclassid = ${Catalog.pg_extension} AND d.deptype = 'x' ORDER BY d.classid, d.objid, e.extname`,
  initial: "SELECT classoid, objoid, objsubid, initprivs FROM pg_catalog.pg_init_privs",
};

export function sharedFacts(answers: Answers<Name>): SharedFacts {
  const database = answers.database[0]!;
  const roleNames = new Map(answers.roles.map((row) => [Number(row.oid), row.rolname!]));
  const extensionNames = new Map(answers.extensions.map((row) => [Number(row.oid), row.extname!]));
  const memberOf = new CatalogMap<number>();
  for (const row of answers.members) memberOf.set(Number(row.classid), Number(row.objid), Number(row.refobjid));
  const dependents = new CatalogMap<string[]>();
  for (const row of answers.dependents) {
    dependents.getOrMake(Number(row.classid), Number(row.objid), () => []).push(row.extname!);
  }
  const initialOf = new Map(
    answers.initial.map((row) => [`${row.classoid}:${row.objoid}:${row.objsubid}`, row.initprivs!] as const),
  );

  const extensionOf: SharedFacts["extensionOf"] = (table, oid) => {
    const extension = memberOf.get(table, oid);
    return extension === undefined ? undefined : { oid: extension, name: extensionNames.get(extension) ?? "" };
  };
  return {
    database: { oid: Number(database.oid), name: database.datname!, owner: database.owner! },
    isSuperuser: database.is_superuser === "on",
    inRecovery: database.recovery === "t",
    roleName: (oid) => roleNames.get(oid) ?? String(oid),
    extensionOf,
    extensionsOf: (table, oid) => dependents.get(table, oid) ?? none,
    configurationTables: configurationTables(answers.extensions),
    initialPrivileges: (table, oid, subId = 0) => initialOf.get(`${table}:${oid}:${subId}`),
  };
}

function configurationTables(extensions: readonly Row[]): Map<number, string> {
  const conditions = new Map<number, string>();
  for (const row of extensions) {
    if (row.extconfig === null || Number(row.oid) < firstNormalOid) continue;
    const filters = parseTextArray(row.extcondition ?? "{}");
    for (const [index, relation] of parseTextArray(row.extconfig!).entries()) {
      conditions.set(Number(relation), filters[index] ?? "");
    }
  }
  return conditions;
}
