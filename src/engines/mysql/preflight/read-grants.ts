import type { MysqlConnection } from "../../../wire/mysql/connection.ts";

/** What an account may do, as SHOW GRANTS says it. Privileges in capitals: `SELECT`, `SHOW VIEW`, `BACKUP_ADMIN`. */
export interface Grants {
  /** On the whole server. */
  onServer(privilege: string): boolean;
  /** On everything in a database, by the server's grants or its own. */
  onDatabase(privilege: string, database: string): boolean;
  /** On one table of it, by whatever grants. Rights on single columns do not count. */
  onTable(privilege: string, database: string, table: string): boolean;
}

interface Grant {
  /** `*`, or a pattern as LIKE takes it. */
  readonly database: string;
  /** `*` for all. */
  readonly object: string;
  readonly privileges: ReadonlySet<string>;
}

const all = "ALL PRIVILEGES";
/** Of those that `ALL PRIVILEGES` on a database does not hold none is asked for on databases. */
const grantPattern =
  /^(GRANT|REVOKE) (.+?) ON (?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY) )?(.+?) (?:TO|FROM) /i;

/** Of the account that is logged in, with the roles that are active. */
export async function readGrants(connection: MysqlConnection): Promise<Grants> {
  const rows = await connection.query(await showGrants(connection));
  const texts = rows.rows.map(([text]) => text?.toString() ?? "");
  const granted: Grant[] = [];
  const revoked: Grant[] = [];
  for (const text of texts) {
    const [, word = "", privileges = "", object = ""] = grantPattern.exec(text) ?? [];
    const place = readPlace(object);
    if (place === undefined) continue;
    (word.toUpperCase() === "GRANT" ? granted : revoked).push({ ...place, privileges: readPrivileges(privileges) });
  }
  const has = ({ privileges }: Grant, privilege: string): boolean => privileges.has(all) || privileges.has(privilege);
  const onServer = (privilege: string): boolean =>
    granted.some((grant) => grant.database === "*" && has(grant, privilege));
  const onDatabase = (privilege: string, database: string): boolean => {
    // Revokes of part of what holds for the server name databases exactly.
    if (revoked.some((grant) => grant.database === database && has(grant, privilege))) return false;
    return (
      onServer(privilege) ||
      granted.some((grant) => grant.object === "*" && isLike(database, grant.database) && has(grant, privilege))
    );
  };
  return {
    onServer,
    onDatabase,
    onTable: (privilege, database, table) =>
      onDatabase(privilege, database) ||
      granted.some((grant) => grant.object === table && grant.database === database && has(grant, privilege)),
  };
}

/** MySQL shows what roles give only when they are named; MariaDB shows it by itself. */
async function showGrants(connection: MysqlConnection): Promise<string> {
  const [row] = await connection.rows("SELECT CURRENT_ROLE() AS roles").catch(() => []);
  const roles = row?.roles ?? "NONE";
  return roles.startsWith("`") && roles.includes("@") ? `SHOW GRANTS FOR CURRENT_USER() USING ${roles}` : "SHOW GRANTS";
}

/** `SELECT, INSERT (a, b), SHOW VIEW`; what holds for columns only is left out. */
function readPrivileges(text: string): Set<string> {
  const whole = text.replaceAll(/[^,(]+ \([^)]*\)/g, "");
  return new Set(whole.split(",").map((word) => word.trim().toUpperCase()));
}

/** `*.*`, `` `db\_1`.* `` or `` `db`.`table` ``; older servers quote as sql_mode says. */
function readPlace(text: string): { readonly database: string; readonly object: string } | undefined {
  const name = /(\*|`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^.`"\s]+)/.source;
  const [, database, object] = new RegExp(`^${name}\\.${name}$`).exec(text) ?? [];
  if (database === undefined || object === undefined) return undefined;
  return { database: unquoted(database), object: unquoted(object) };
}

function unquoted(text: string): string {
  const quote = text[0];
  return quote === "`" || quote === '"' ? text.slice(1, -1).replaceAll(quote + quote, quote) : text;
}

/** Names of databases in grants are patterns: `%`, `_`, and a backslash before those that mean themselves. */
function isLike(name: string, pattern: string): boolean {
  const source = pattern.replaceAll(/\\([\s\S])|[\s\S]/g, (character, escaped: string | undefined) => {
    if (character === "%") return "[\\s\\S]*";
    if (character === "_") return "[\\s\\S]";
    return (escaped ?? character).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  });
  return new RegExp(`^${source}$`).test(name);
}
