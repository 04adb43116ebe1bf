import type { Check } from "../../../ports/preflight.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import type { Grants } from "./read-grants.ts";

/** What an account needs on a database, and what is lost without it. */
const ofDatabase = [
  ["SELECT", "error", "rows and definitions of tables cannot be read"],
  ["SHOW VIEW", "warning", "views cannot be read: a backup of a database with views would fail"],
  ["TRIGGER", "error", "triggers are not seen: a backup with them would fail"],
  ["EVENT", "error", "events are not seen: a backup with them would fail"],
] as const;

/** Whether the account has the privileges that a backup of `database` needs, each by its name. */
export function checkRights(grants: Grants, { capabilities, variables }: MysqlServerFacts, database: string): Check[] {
  const checks: Check[] = ofDatabase
    .filter(([privilege]) => !grants.onDatabase(privilege, database))
    .map(([privilege, status, message]) => ({
      name: "rights",
      status,
      message: `without ${privilege} ${message}`,
      hint: `GRANT ${privilege} ON the database TO this account`,
    }));
  if (!knowsOfRoutines(grants, capabilities, database)) {
    checks.push({
      name: "rights",
      status: "error",
      message: "functions and procedures are not seen: a backup with them would fail",
      hint: routinesHint(capabilities),
    });
  } else if (!readsRoutines(grants, capabilities)) {
    checks.push({
      name: "rights",
      status: "warning",
      message:
        "the code of routines of other accounts cannot be read: a backup of a database with such routines would fail",
      hint: routinesHint(capabilities),
    });
  }
  const whole: Check = { name: "rights", status: "ok", message: "everything in the database can be read" };
  return [...(checks.length === 0 ? [whole] : checks), ...checkLocks(grants, capabilities, variables)];
}

type ServerCapabilities = MysqlServerFacts["capabilities"];

function readsRoutines(grants: Grants, { dynamicPrivileges }: ServerCapabilities): boolean {
  if (grants.onServer("SELECT")) return true;
  if (dynamicPrivileges) return grants.onServer("SHOW_ROUTINE");
  return grants.onServer("SHOW CREATE ROUTINE") || grants.onTable("SELECT", "mysql", "proc");
}

/** Whether all routines of a database are listed to the account, whatever it is shown of their code. */
export function knowsOfRoutines(grants: Grants, capabilities: ServerCapabilities, database: string): boolean {
  const listed = ["EXECUTE", "ALTER ROUTINE", "CREATE ROUTINE", "SHOW CREATE ROUTINE"];
  return readsRoutines(grants, capabilities) || listed.some((privilege) => grants.onDatabase(privilege, database));
}

/** What lets an account read the code of routines. */
export function routinesHint({ dynamicPrivileges }: ServerCapabilities): string {
  return dynamicPrivileges ? "GRANT SHOW_ROUTINE ON *.* TO this account" : "GRANT SELECT ON mysql.proc TO this account";
}

/** The moment in which the snapshot is taken, and its place in the binary log. */
function checkLocks(
  grants: Grants,
  { flushTablesPrivilege, instanceBackupLock, binlogSnapshotStatus, gtids }: MysqlServerFacts["capabilities"],
  variables: MysqlServerFacts["variables"],
): Check[] {
  const checks: Check[] = [];
  const mayLock = grants.onServer("RELOAD") || (flushTablesPrivilege && grants.onServer("FLUSH_TABLES"));
  const writesBinlog = variables.get("log_bin") === "ON";
  if (!mayLock && !(binlogSnapshotStatus && writesBinlog)) {
    checks.push({
      name: "locks",
      status: "warning",
      message: `without ${flushTablesPrivilege ? "RELOAD or FLUSH_TABLES" : "RELOAD"} the server cannot be stopped for the moment of the snapshot: its place in the binary log is not known`,
      hint: `GRANT ${flushTablesPrivilege ? "FLUSH_TABLES" : "RELOAD"} ON *.* TO this account`,
    });
  }
  if (instanceBackupLock && !grants.onServer("BACKUP_ADMIN")) {
    checks.push({
      name: "locks",
      status: "warning",
      message: "without BACKUP_ADMIN nobody is kept from changing definitions: a change would make the backup fail",
      hint: "GRANT BACKUP_ADMIN ON *.* TO this account",
    });
  }
  const mayAsk = ["REPLICATION CLIENT", "BINLOG MONITOR", "SUPER"].some((privilege) => grants.onServer(privilege));
  if (writesBinlog && !mayAsk && !binlogSnapshotStatus) {
    checks.push({
      name: "binlog",
      status: "warning",
      message:
        "this account may not ask for the end of the binary log: a backup would not say which place it stands for",
      hint: `GRANT ${gtids === "domains" ? "BINLOG MONITOR" : "REPLICATION CLIENT"} ON *.* TO this account`,
    });
  }
  return checks;
}
