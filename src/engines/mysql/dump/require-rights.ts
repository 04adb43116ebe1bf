import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlDumpOptions } from "../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import type { Relation } from "../objects/read-relations.ts";
import { knowsOfRoutines, routinesHint } from "../preflight/check-rights.ts";
import { type Grants, readGrants } from "../preflight/read-grants.ts";

/** `--skip-grant-tables`: nobody is asked for rights. */
const withoutGrantTables = 1290;

/**
 * Servers do not list what an account has no right to: a backup of it would be less than the database, and nobody would see.
 * @param relations those that are dumped
 * @throws BackupError AUTH, which names the first right that is missing
 */
export async function requireRights(
  { control, facts }: { readonly control: MysqlConnection; readonly facts: MysqlServerFacts },
  database: string,
  relations: readonly Relation[],
  options: Pick<MysqlDumpOptions, "tables" | "routines" | "triggers" | "events">,
): Promise<void> {
  const grants = await grantsOf(control);
  if (grants === undefined) return;
  const seesAllTables = grants.onDatabase("SELECT", database);
  if (options.tables.length === 0 && !seesAllTables) {
    throw missing(database, "SELECT", "other tables are not seen", "--only-table names those to take");
  }
  const tables = relations.filter(({ kind }) => kind === "table");
  if (options.triggers && !tables.every(({ name }) => grants.onTable("TRIGGER", database, name))) {
    throw missing(database, "TRIGGER", "triggers are not seen", "--skip-triggers leaves them out");
  }
  if (options.events && !grants.onDatabase("EVENT", database)) {
    throw missing(database, "EVENT", "events are not seen", "--skip-events leaves them out");
  }
  if (options.routines && !knowsOfRoutines(grants, facts.capabilities, database)) {
    throw new BackupError({
      code: "AUTH",
      message: `without ${facts.capabilities.dynamicPrivileges ? "SHOW_ROUTINE" : "SELECT on mysql.proc"} functions and procedures of database "${database}" are not seen by this account`,
      object: database,
      hint: `${routinesHint(facts.capabilities)}; --skip-routines leaves them out`,
    });
  }
}

async function grantsOf(control: MysqlConnection): Promise<Grants | undefined> {
  try {
    return await readGrants(control);
  } catch (error) {
    if (error instanceof MysqlServerError && error.number === withoutGrantTables) return undefined;
    throw error;
  }
}

function missing(database: string, privilege: string, what: string, otherwise: string): BackupError {
  return new BackupError({
    code: "AUTH",
    message: `without ${privilege} on database "${database}" ${what} by this account`,
    object: database,
    hint: `GRANT ${privilege} ON the database TO this account; ${otherwise}`,
  });
}
