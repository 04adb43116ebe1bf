import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { readGrants } from "../preflight/read-grants.ts";
import { namesMatching } from "./names-matching.ts";

/** Databases that every server has for itself. */
const ofServers: ReadonlySet<string> = new Set(["information_schema", "performance_schema", "mysql", "sys", "ndbinfo"]);

export interface DatabaseChoice {
  /** Empty: all. */
  readonly wanted: readonly string[];
  readonly excluded: readonly string[];
}

export interface ListedDatabases {
  readonly wanted: readonly string[];
  /** Others that are no server's own. */
  readonly others: readonly string[];
}

/**
 * The databases of a server, in the order of their names.
 * @throws BackupError NOT_FOUND for a pattern that none matches; AUTH when all are wanted and this account does not see all
 */
export async function listDatabases(
  connection: MysqlConnection,
  { wanted, excluded }: DatabaseChoice,
): Promise<ListedDatabases> {
  if (wanted.length === 0) await requireAllSeen(connection);
  const rows = await connection.rows("SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA");
  const names = rows
    .map(({ name }) => name!)
    .filter((name) => !ofServers.has(name.toLowerCase()) && !name.startsWith("#mysql50#"))
    .toSorted();
  for (const pattern of wanted) {
    if (namesMatching(pattern, names).length > 0) continue;
    throw new BackupError({
      code: "NOT_FOUND",
      message: `no database matches "${pattern}", or this user may not see it`,
      hint: "check the name; * stands for any characters, ? for one",
    });
  }
  const chosen = new Set(wanted.length === 0 ? names : wanted.flatMap((pattern) => namesMatching(pattern, names)));
  for (const name of excluded.flatMap((pattern) => namesMatching(pattern, names))) chosen.delete(name);
  return { wanted: names.filter((name) => chosen.has(name)), others: names.filter((name) => !chosen.has(name)) };
}

/** Servers do not list databases in which an account may do nothing: a backup of the others would not be one of the server. */
async function requireAllSeen(connection: MysqlConnection): Promise<void> {
  const grants = await readGrants(connection);
  if (grants.onServer("SELECT") || grants.onServer("SHOW DATABASES")) return;
  throw new BackupError({
    code: "AUTH",
    message: `user "${connection.spec.user}" may not see all databases of the server`,
    hint: "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO this account, or name those to back up with --database",
  });
}
