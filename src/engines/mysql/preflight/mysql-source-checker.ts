import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import type { Check, SourceChecker, SourceReport } from "../../../ports/preflight.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { describeHost } from "../../../wire/mysql/connection-spec.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { preparedTransactions } from "../dump/prepared-transactions.ts";
import { readUnprotected } from "../dump/snapshot/read-unprotected.ts";
import { readNotIncluded } from "../objects/not-included.ts";
import { quoteText } from "../quote.ts";
import { checkRights } from "./check-rights.ts";
import { readGrants } from "./read-grants.ts";

/** Names told of what is in the way. */
const maxNames = 20;
/** Statements that run longer than this hold up a backup that locks, and everybody behind it. */
const longSeconds = 60;

/** Looks at a database of MySQL or MariaDB before it is backed up. Changes nothing, and takes no locks. */
export const mysqlSourceChecker: SourceChecker = {
  async check({ connection: wish, database }, signal) {
    const spec = await resolveMysqlConnection({ ...wish, applicationName: "dbbackup preflight" });
    await using connection = await openMysqlSession(spec, { signal });
    const facts = await identifyMysql(connection);
    await connection.query("SET SESSION TRANSACTION READ ONLY");
    await connection.query("SET NAMES utf8mb4");
    const sizes = await readSizes(connection, database);
    const grants = await readGrants(connection);
    const { host } = spec;
    return {
      serverVersion: facts.versionText,
      host: host.kind === "unix" ? host.path : host.host,
      port: host.kind === "unix" ? 0 : host.port,
      user: spec.user,
      ...sizes,
      checks: [
        ...spec.warnings.map((message): Check => ({ name: "connection", status: "warning", message })),
        connectionCheck(connection, facts),
        ...newerCheck(facts),
        ...checkRights(grants, facts, database),
        await engineCheck(connection, database),
        binlogCheck(facts),
        ...(await longStatements(connection)),
        ...(await preparedTransactions(connection)).map(preparedCheck),
      ],
      notIncluded: await readNotIncluded(connection, database, facts, { columnStatistics: false }),
    } satisfies SourceReport;
  },
};

async function readSizes(
  connection: MysqlConnection,
  database: string,
): Promise<Pick<SourceReport, "databaseBytes" | "dataBytes">> {
  const [known] = await connection.rows(
    `SELECT 1 AS known FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`,
  );
  if (known === undefined) throw noDatabase(connection, database);
  const [sizes] = await connection.rows(
    "SELECT COALESCE(SUM(DATA_LENGTH), 0) AS data, COALESCE(SUM(INDEX_LENGTH), 0) AS indexes " +
      `FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(database)}`,
  );
  const dataBytes = Number(sizes!.data);
  return { dataBytes, databaseBytes: dataBytes + Number(sizes!.indexes) };
}

function connectionCheck({ channel, spec }: MysqlConnection, { flavour, versionText }: MysqlServerFacts): Check {
  const how = { unix: "Unix socket", tcp: "TCP without TLS", tls: "TLS" }[channel.kind];
  const name = flavour === "mariadb" ? "MariaDB" : "MySQL";
  return {
    name: "connection",
    status: "ok",
    message: `${name} ${versionText} at ${describeHost(spec.host)} (${how}) as "${spec.user}"`,
  };
}

function newerCheck({ isNewerThanKnown, versionText }: MysqlServerFacts): Check[] {
  if (!isNewerThanKnown) return [];
  const message = `version ${versionText} is newer than this program: kinds of objects that came with it would be left out`;
  return [{ name: "version", status: "warning", message, hint: "use a newer release of dbbackup" }];
}

async function engineCheck(connection: MysqlConnection, database: string): Promise<Check> {
  const tables = await readUnprotected(connection, database);
  if (tables.length === 0) return { name: "engines", status: "ok", message: "a snapshot holds the rows of all tables" };
  return {
    name: "engines",
    status: "warning",
    message: `no snapshot holds the rows of ${counted(tables.length, "table")}: they are copied first, while nobody can write`,
    details: tables.slice(0, maxNames),
    hint: "convert them to InnoDB, or choose with --non-transactional",
  };
}

function binlogCheck({ variables }: MysqlServerFacts): Check {
  const name = "binlog";
  if (variables.get("log_bin") !== "ON") {
    const message = "the server writes no binary log: nothing after the backup can be recovered";
    return { name, status: "warning", message, hint: "set log_bin on the server" };
  }
  const format = variables.get("binlog_format") ?? "ROW";
  if (format === "ROW") return { name, status: "ok", message: "the server writes a binary log of rows" };
  return {
    name,
    status: "warning",
    message: `the binary log is written as ${format}: what it replays may not be what happened`,
    hint: "set binlog_format = ROW on the server",
  };
}

/** A lock of the server waits for them, and everybody else for the lock. */
async function longStatements(connection: MysqlConnection): Promise<Check[]> {
  const running = await unlessRefused(
    connection.rows(
      "SELECT ID AS id, TIME AS seconds FROM information_schema.PROCESSLIST " +
        `WHERE COMMAND = 'Query' AND TIME >= ${longSeconds} AND ID <> CONNECTION_ID() ORDER BY TIME DESC`,
    ),
  );
  if (running.length === 0) return [];
  return [
    {
      name: "locks",
      status: "warning",
      message: `${counted(running.length, "statement")} run for more than ${longSeconds} s: a backup that locks the server would wait for them, and others for it`,
      details: running.slice(0, maxNames).map(({ id, seconds }) => `session ${id}, ${seconds} s`),
      hint: "let them finish first, or back up with --no-lock",
    },
  ];
}

function preparedCheck(message: string): Check {
  const hint = "XA RECOVER lists them; let whoever coordinates them end them";
  return { name: "transactions", status: "warning", message, hint };
}

/** Without the right to ask, nothing is known. */
async function unlessRefused<Rows>(rows: Promise<readonly Rows[]>): Promise<readonly Rows[]> {
  try {
    return await rows;
  } catch (error) {
    if (error instanceof MysqlServerError && error.code === "SERVER") return [];
    throw error;
  }
}

function noDatabase({ spec }: MysqlConnection, database: string): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: `${describeHost(spec.host)} has no database "${database}", or this account may not see it`,
    object: database,
    hint: "check the spelling, also capitals; SHOW DATABASES lists those that this account may see",
  });
}
