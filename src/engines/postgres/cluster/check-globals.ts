import type { GlobalsCheck, GlobalsRequest, RestorableGlobals } from "../../../ports/cluster.ts";
import type { Finding } from "../../../ports/restore.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";

const shownNames = 10;

/** What a server has already of the globals of a backup, and what its user may not do. */
export async function checkGlobals(
  connection: PgConnection,
  globals: Pick<RestorableGlobals, "roles" | "tablespaces">,
  request: GlobalsRequest,
  decode: NameDecoder,
): Promise<GlobalsCheck> {
  const names = async (sql: string): Promise<Set<string>> =>
    new Set((await connection.query(sql)).rows.map((row) => decode(row[0] ?? "")));
  // Whom we are logged in as, and the superuser that every server has, are there before anything was restored.
  const roles = await names("SELECT rolname FROM pg_catalog.pg_roles WHERE oid <> 10 AND rolname <> session_user");
  const tablespaces = await names("SELECT spcname FROM pg_catalog.pg_tablespace");
  const databases = await names("SELECT datname FROM pg_catalog.pg_database");
  const rights = await names(
    "SELECT 'super' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper UNION ALL " +
      "SELECT 'roles' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolcreaterole",
  );
  const findings: Finding[] = [];
  if (request.roles) {
    findings.push(...existing("role-exists", "roles", globals.roles, roles, "their attributes become the backup's"));
  }
  if (request.tablespaces) {
    const spaces = globals.tablespaces.map(({ name }) => name);
    const stay = "they stay where they are";
    findings.push(...existing("tablespace-exists", "tablespaces", spaces, tablespaces, stay));
  }
  if (!rights.has("super")) findings.push(...lackingRights(globals, request, rights.has("roles"), connection.user));
  return { findings, databases };
}

function existing(
  code: "role-exists" | "tablespace-exists",
  what: string,
  wanted: readonly string[],
  found: ReadonlySet<string>,
  consequence: string,
): Finding[] {
  const both = wanted.filter((name) => found.has(name));
  if (both.length === 0) return [];
  const message = `${both.length} of the backup's ${what} exist already, and ${consequence}: ${listed(both)}`;
  return [{ code, severity: "warning", message, solution: "add --confirm if this is what you want" }];
}

function lackingRights(
  { tablespaces }: Pick<RestorableGlobals, "roles" | "tablespaces">,
  request: GlobalsRequest,
  mayCreateRoles: boolean,
  user: string,
): Finding[] {
  const missing = [
    ...(request.roles && !mayCreateRoles ? ["create roles"] : []),
    ...(request.roles ? ["make superusers, grant in the name of others or set what only superusers may"] : []),
    ...(request.tablespaces && tablespaces.length > 0 ? ["create tablespaces"] : []),
  ];
  return missing.map((right) => ({
    code: "not-superuser",
    severity: "warning",
    message: `user "${user}" may not ${right}`,
    solution: "restore as superuser, or expect that such statements fail and are listed",
  }));
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, shownNames).map((name) => `"${name}"`);
  return shown.join(", ") + (names.length > shownNames ? ` and ${names.length - shownNames} more` : "");
}
