import { BackupError } from "../../../core/backup-error.ts";
import { noRows } from "../../../core/row-totals.ts";
import type { BackupChecker } from "../../../ports/backup-checker.ts";
import type { DumpContext, DumpedTable, Dumper, DumpOutput, DumpRequest, DumpResult } from "../../../ports/dump.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";
import { type MysqlDumpOptions, usualMysqlDump } from "../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { checkedResult } from "../../common/tools/checked-result.ts";
import type { DescribedDatabase } from "../../common/tools/described-database.ts";
import type { ToolPlaces } from "../../common/tools/find-tool.ts";
import { pipeDump } from "../../common/tools/piped-dump.ts";
import { PrivateFolder } from "../../common/tools/private-folder.ts";
import { statusOf } from "../../common/tools/run-tool.ts";
import { mysqlToolConnection, mysqlToolEnvironment } from "../connection/tool-connection.ts";
import { findMysqlTool } from "../find-mysql-tool.ts";
import { MysqlToolMessages, mysqlToolFailed } from "../tool-messages.ts";
import { checkMysqlToolsDump } from "./check-dump.ts";
import { mysqlDumpArguments } from "./dump-arguments.ts";
import { ToolDumpTelling } from "./dump-telling.ts";

export interface MysqlToolsDumperOptions {
  readonly places: ToolPlaces;
  /** Refuses what no backup of MySQL has. */
  readonly native: Pick<Dumper, "check">;
  readonly describe: DescribeDatabase;
  /** Reads what the program wrote, so that rows are counted. */
  readonly checker: BackupChecker;
}

/**
 * Looks at a database in a connection of its own, whose settings may change. It is the other engine's: it knows the catalogues.
 * @throws BackupError NOT_FOUND; AUTH when the account does not see all of it
 */
export type DescribeDatabase = (
  connection: MysqlConnection,
  facts: MysqlServerFacts,
  database: string,
  options: MysqlDumpOptions,
) => Promise<DescribedDatabase>;

/** Makes backups with mysqldump and mariadb-dump. */
export function createMysqlToolsDumper(options: MysqlToolsDumperOptions): Dumper {
  return {
    check(request) {
      checkMysqlToolsDump(request);
      options.native.check(request);
    },
    dump: async (request, output, context) => await dumpWithTool(request, output, context, options),
  };
}

async function dumpWithTool(
  request: DumpRequest,
  output: DumpOutput,
  context: DumpContext,
  { places, describe, checker }: MysqlToolsDumperOptions,
): Promise<DumpResult> {
  const { progress, signal } = context;
  const { database, mysql = usualMysqlDump } = request;
  if (output.kind !== "file") throw new Error("a script is one file");
  const spec = await resolveMysqlConnection({ ...request.connection, applicationName: request.applicationName });
  const telling = new ToolDumpTelling(progress);
  telling.phase("connect", "connecting");
  for (const message of spec.warnings) telling.warn(message);
  await using connection = await openMysqlSession({ ...spec, database: undefined }, { signal });
  const facts = await identifyMysql(connection, "any");
  const { tool, warnings } = await findMysqlTool("dump", facts, places);
  for (const message of warnings) telling.warn(message);
  const described = facts.isOlderThanKnown ? undefined : await describe(connection, facts, database, mysql);
  const locksAll = locksServer(described?.unprotected ?? [], mysql, telling);
  await using folder = await PrivateFolder.create();
  const place = { connection: await mysqlToolConnection(connection, tool.version, folder), locksAll };
  const args = mysqlDumpArguments(request, place, tool);
  const said = `${tool.name} ${tool.version.text}`;
  telling.phase("data", `copying data with ${said}`);
  const messages = new MysqlToolMessages((text) => telling.progress.says(text));
  const environment = mysqlToolEnvironment(folder);
  const run = { tool, args, environment, folder, searchPath: places.searchPath, messages, signal };
  const { backup, error } = await pipeDump(run, output.sink, {
    checker,
    onBytes: (count) => telling.progress.passed(count),
    async requireSuccess(running) {
      const status = await statusOf(tool, running);
      signal.throwIfAborted();
      // It ends with 0 also after some errors.
      if (status !== 0 || messages.errors > 0) throw mysqlToolFailed(tool.name, status, messages);
    },
  });
  if (error !== undefined) throw error;
  for (const message of messages.warnings) telling.warn(message);
  return {
    engine: { name: "tools", version: said },
    server: serverOf(connection, facts, described),
    ...tablesOf(checkedResult(backup), request, described),
    ...(described === undefined ? {} : { entries: described.entries }),
    notIncluded: described?.notIncluded ?? [],
    warnings: [...spec.warnings, ...telling.warnings],
  };
}

/** Whether the server is to stand still while the program reads. @throws BackupError UNSUPPORTED_OBJECT */
function locksServer(
  unprotected: readonly string[],
  { nonTransactional, noLock }: MysqlDumpOptions,
  telling: ToolDumpTelling,
): boolean {
  if (unprotected.length === 0) return false;
  const shown = unprotected.slice(0, 3).map((name) => `"${name}"`);
  const more = unprotected.length > shown.length ? ` and ${unprotected.length - shown.length} more` : "";
  const message = `no snapshot holds tables without transactions: ${shown.join(", ")}${more}`;
  if (nonTransactional === "fail") {
    throw new BackupError({
      code: "UNSUPPORTED_OBJECT",
      message,
      hint: "change their engine to InnoDB, or back up with --non-transactional lock",
    });
  }
  const locks = nonTransactional === "lock" && !noLock;
  telling.warn(locks ? `${message}; the server is locked for writers until the backup ends` : message);
  return locks;
}

function serverOf(
  { spec: { host, user } }: MysqlConnection,
  facts: MysqlServerFacts,
  described: DescribedDatabase | undefined,
): DumpResult["server"] {
  const uuid = facts.variables.get("server_uuid");
  return {
    databaseType: facts.flavour,
    version: facts.versionText,
    host: host.kind === "tcp" ? host.host : host.path,
    port: host.kind === "tcp" ? host.port : 0,
    user,
    ...(uuid === undefined ? {} : { uuid }),
    encoding: described?.encoding ?? facts.variables.get("character_set_server") ?? "",
  };
}

/** A script does not tell of tables without rows, and which database its tables are in. */
function tablesOf(
  { tables }: Pick<DumpResult, "tables">,
  { database, shape = wholeShape, mysql = usualMysqlDump }: DumpRequest,
  described: DescribedDatabase | undefined,
): Pick<DumpResult, "tables"> {
  if (tables === undefined || described === undefined) return {};
  const found = new Map(tables.map((table) => [table.name, { ...table, schema: database }]));
  const hasRows = !shape.schemaOnly && !shape.noData;
  const dumped = described.tables.filter((name) => hasRows && !mysql.ignoredData.includes(name));
  const empty = dumped.flatMap((name): DumpedTable[] =>
    found.has(name) ? [] : [{ schema: database, name, ...noRows }],
  );
  return { tables: [...found.values(), ...empty].toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}
