import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import type {
  GlobalsCheck,
  GlobalsRequest,
  GlobalsRestorer,
  GlobalsResult,
  RestorableGlobals,
} from "../../../ports/cluster.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import { maxListedFailures, type RestoreFailure } from "../../../ports/restore.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { readOnlyServer } from "../restore/read-only.ts";
import { globalPrivileges } from "../restore/target-facts.ts";
import { type AccountName, accountText, shownAccount } from "./account-name.ts";
import type { AccountStatement } from "./account-statement.ts";
import { type AccountsTarget, readAccountsTarget } from "./accounts-target.ts";
import { checkAccounts, isNeeded } from "./check-accounts.ts";
import { type ConvertedStatement, convertAccounts } from "./convert/convert-accounts.ts";
import { convertSettings } from "./convert/convert-settings.ts";
import { createUserText } from "./create-user.ts";
import { namesMatching } from "./names-matching.ts";
import { type AccountsOfScript, readAccountsScript } from "./read-accounts-script.ts";

/** Restores the accounts of a MySQL or MariaDB server. */
export const mysqlGlobalsRestorer: GlobalsRestorer = {
  alwaysThere: new Set(),
  looksAhead: true,
  async open(script) {
    return new ScriptedAccounts(await readAccountsScript(script));
  },
  takesScripts: false,
  split() {
    throw new BackupError({
      code: "USAGE",
      message:
        'the file is no backup of "backup cluster" but a script, and one of a whole server of MySQL or MariaDB is loaded by the server\'s own client, all of it',
      hint: 'mysql < SCRIPT (mariadb < SCRIPT, after zcat and the like), then FLUSH PRIVILEGES, without which the server knows none of its accounts; one with database "mysql" takes the accounts that the server had away; to choose databases and accounts, make a folder with "backup cluster"; the script of one database goes into "restore single"',
    });
  },
  namesMatching,
};

class ScriptedAccounts implements RestorableGlobals {
  readonly roles: readonly string[];
  readonly tablespaces = [];
  readonly #script: AccountsOfScript;

  constructor(script: AccountsOfScript) {
    this.#script = script;
    this.roles = script.statements.flatMap(({ kind, account }) =>
      kind === "create-user" || kind === "create-role" ? [shownAccount(account)] : [],
    );
  }

  plan({ roles, tablespaceMap }: GlobalsRequest): readonly string[] {
    if (tablespaceMap.size > 0) {
      throw new BackupError({
        code: "USAGE",
        message: "--tablespace-map is for PostgreSQL: the backup holds no tablespaces",
        hint: "leave it out",
      });
    }
    return roles ? this.roles.map((name) => `account "${name}"`) : [];
  }

  async preCheck(request: GlobalsRequest, signal: AbortSignal): Promise<GlobalsCheck> {
    await using session = await this.#connect(request, signal);
    const { connection, facts } = session;
    const { rows } = await connection.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA");
    const databases = new Set(rows.map(([name]) => (name ?? "").toString()));
    // Who restores databases alone need not see accounts.
    const readOnly = readOnlyServer(facts, await globalPrivileges(connection));
    const findings = readOnly === undefined ? [] : [readOnly];
    const ignoresCase = facts.variables.get("lower_case_table_names") !== "0";
    if (!request.roles) return { findings, databases, ignoresCase };
    const target = await readAccountsTarget(connection, facts);
    findings.push(...checkAccounts(this.#converted(target, request), target, request));
    return { findings, databases, ignoresCase };
  }

  async run(request: GlobalsRequest, progress: ProgressSink, signal: AbortSignal): Promise<GlobalsResult> {
    await using session = await this.#connect(request, signal);
    progress.emit({ event: "phase", phase: "globals", message: "restoring accounts" });
    const { connection, facts } = session;
    const target = await readAccountsTarget(connection, facts);
    const log = new StatementLog();
    const converted = this.#converted(target, request);
    for (const one of converted) {
      if (isOnObject(one.original) || !isNeeded(one.original, target)) continue;
      if (log.leavesOut(one, request)) continue;
      for (const statement of one.statements) {
        const sql = adapted(statement, one.original, target, request, facts);
        await log.run(session, statement, sql);
      }
    }
    await this.#giveUpRoles(session, converted, target, log);
    return log.result();
  }

  async runBehindDatabases(request: GlobalsRequest, _: ProgressSink, signal: AbortSignal): Promise<GlobalsResult> {
    await using session = await this.#connect(request, signal);
    const { connection, facts } = session;
    const target = await readAccountsTarget(connection, facts);
    const log = new StatementLog();
    for (const one of this.#converted(target, request)) {
      if (!isOnObject(one.original) || !isNeeded(one.original, target)) continue;
      if (log.leavesOut(one, request)) continue;
      for (const statement of one.statements) await log.run(session, statement, statement.sql);
    }
    return log.result();
  }

  #converted(target: AccountsTarget, { rolePasswords }: GlobalsRequest): ConvertedStatement[] {
    return convertAccounts(this.#script, target, { passwords: rolePasswords });
  }

  /** Whoever makes a role of MariaDB has the say over it: that was for making it, unless the backup wants it so. */
  async #giveUpRoles(
    session: AccountsSession,
    converted: readonly ConvertedStatement[],
    target: AccountsTarget,
    log: StatementLog,
  ): Promise<void> {
    if (target.roles !== "names") return;
    const statements = converted.flatMap((one) => one.statements);
    for (const statement of statements) {
      if (statement.kind !== "create-role" || target.accounts.has(accountText(statement.account))) continue;
      const isWanted = statements.some(
        (other) =>
          other.kind === "membership" &&
          isSame(other.role, statement.account) &&
          accountText(other.account) === target.currentUser,
      );
      if (!isWanted) await log.run(session, statement, `REVOKE ${accountText(statement.account)} FROM CURRENT_USER`);
    }
  }

  async #connect(request: GlobalsRequest, signal: AbortSignal): Promise<AccountsSession> {
    const spec = await resolveMysqlConnection({ applicationName: "dbbackup restore", ...request.connection });
    const connection = await openMysqlSession({ ...spec, database: undefined }, { signal });
    try {
      const facts = await identifyMysql(connection);
      await connection.query("SET NAMES utf8mb4");
      await connection.query(`SET SESSION sql_mode = '${rightsMode(facts)}'`);
      return { connection, facts, [Symbol.asyncDispose]: () => connection.close() };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
}

/** In which a GRANT fails to an account that is not there. */
function rightsMode({ capabilities }: MysqlServerFacts): string {
  return capabilities.grantMakesAccounts ? "NO_AUTO_CREATE_USER" : "";
}

interface AccountsSession extends AsyncDisposable {
  readonly connection: MysqlConnection;
  readonly facts: MysqlServerFacts;
}

function isOnObject(statement: AccountStatement): boolean {
  return statement.kind === "grant" && statement.grant.isOnObject;
}

function isSame(a: AccountName, b: AccountName): boolean {
  return a.user === b.user && a.host === b.host;
}

/** The statement as this server is to run it. */
function adapted(
  statement: AccountStatement,
  original: AccountStatement,
  target: AccountsTarget,
  { rolePasswords }: GlobalsRequest,
  { capabilities }: MysqlServerFacts,
): string {
  if (statement.kind !== "create-user") return statement.sql;
  const isThere = target.accounts.has(accountText(statement.account));
  // One that is there keeps the password that it has.
  const keepsPassword = isThere && !rolePasswords && original.kind === "create-user";
  const create = keepsPassword
    ? { ...original.create, identified: "", more: convertSettings(original.create.more, target).more }
    : statement.create;
  if (!capabilities.showCreateUser) return createUserText(create, "GRANT USAGE ON *.* TO");
  return createUserText(create, isThere ? "ALTER USER" : "CREATE USER");
}

/** Where GRANT is what makes accounts, it must be let; of others it would make those that failed, without a password. */
async function runAsMeant(
  connection: MysqlConnection,
  facts: MysqlServerFacts,
  statement: AccountStatement,
  sql: string,
): Promise<void> {
  const isMadeByGrant = statement.kind === "create-user" && !facts.capabilities.showCreateUser;
  if (!isMadeByGrant) {
    await connection.query(sql);
    return;
  }
  await connection.query("SET SESSION sql_mode = ''");
  try {
    await connection.query(sql);
  } finally {
    await connection.query(`SET SESSION sql_mode = '${rightsMode(facts)}'`);
  }
}

/** No such database, table, routine or column. */
const notThere = new Set([1049, 1146, 1305, 1054, 1147]);

/** What was done, and what failed. */
class StatementLog {
  readonly #failures: RestoreFailure[] = [];
  readonly #leftOut: string[] = [];
  #failed = 0;
  #done = 0;

  /** What is to be changed comes only with --convert, and what cannot be changed not at all: both are failures. */
  leavesOut({ original, changes, impossible }: ConvertedStatement, { convert = false }: GlobalsRequest): boolean {
    const why = impossible ?? (convert || changes.length === 0 ? undefined : `only changed: ${changes.join("; ")}`);
    if (why === undefined) return false;
    const object = shownStatement(original);
    this.#fail({ object, message: why, statement: object });
    return true;
  }

  async run({ connection, facts }: AccountsSession, statement: AccountStatement, sql: string): Promise<void> {
    try {
      await runAsMeant(connection, facts, statement, sql);
      this.#done++;
    } catch (error) {
      if (!(error instanceof MysqlServerError) || (error.code !== "SERVER" && error.code !== "AUTH")) throw error;
      const shown = shownStatement(statement);
      if (isOnObject(statement) && notThere.has(error.number)) {
        this.#leftOut.push(shown);
        return;
      }
      // Not the error's own message, which shows the statement with hashes in it.
      const { number, sqlState, message } = error.fault;
      const text = `error ${number} (${sqlState}) from the server: ${message}`;
      this.#fail({
        object: shown,
        message: withoutHashes(text),
        statement: shown,
        ...(sqlState === undefined ? {} : { sqlState }),
      });
    }
  }

  #fail(failure: RestoreFailure): void {
    this.#failed++;
    if (this.#failures.length < maxListedFailures) this.#failures.push(failure);
  }

  result(): GlobalsResult {
    const warnings = this.#leftOut
      .slice(0, maxListedFailures)
      .map((shown) => `left out, for it is not there: ${shown}`);
    const more = this.#leftOut.length - warnings.length;
    return {
      done: this.#done,
      failures: this.#failures,
      failed: this.#failed,
      warnings: more > 0 ? [...warnings, `${counted(more, "more right")} left out alike`] : warnings,
    };
  }
}

/** What a statement does, without hashes of passwords. */
function shownStatement(statement: AccountStatement): string {
  switch (statement.kind) {
    case "create-user":
      return `CREATE USER ${accountText(statement.account)}`;
    case "create-role":
    case "alter-user":
    case "default-role":
    case "grant":
    case "proxy":
    case "membership":
      return statement.sql;
  }
}

/** Servers repeat what they do not understand. */
function withoutHashes(message: string): string {
  return message.replaceAll(/0x[0-9A-Fa-f]{16,}|\*[0-9A-Fa-f]{40}|'[^']{40,}'/g, "...");
}
