import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { DumpContext, DumpedTable, DumpRequest, DumpResult, NotIncluded } from "../../../ports/dump.ts";
import { type DumpShape, wholeShape } from "../../../ports/dump-shape.ts";
import { type MysqlDumpOptions, usualMysqlDump } from "../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { readNotIncluded } from "../objects/not-included.ts";
import { type Relation, readRelations } from "../objects/read-relations.ts";
import { readEvents, readRoutines, readTriggers } from "../objects/read-routines.ts";
import { historyBegins, historyEnds, type RowHistory, readRowHistories } from "../objects/row-history.ts";
import { type ShownObject, showCreate } from "../objects/show-create.ts";
import { StoredCodeWriter } from "../objects/stored-code.ts";
import { viewsInOrder } from "../objects/view-order.ts";
import { requireHistograms, writeHistograms } from "../objects/write-histograms.ts";
import { writeSequence } from "../objects/write-sequence.ts";
import { nameInComment, quoteName, quoteText } from "../quote.ts";
import { DefinerChanger } from "../script/definer-changer.ts";
import { chosenRelations } from "./chosen-relations.ts";
import { DefinitionLocks } from "./definition-locks.ts";
import { DumpTelling } from "./dump-telling.ts";
import { requireRights } from "./require-rights.ts";
import { scriptFoot, scriptHead } from "./script-frame.ts";
import { ScriptWriter } from "./script-writer.ts";
import { isInSnapshots } from "./snapshot/read-unprotected.ts";
import { type Snapshot, takeSnapshot } from "./snapshot/take-snapshot.ts";
import { dumpRows, holdsRows } from "./table-rows.ts";
import type { MysqlSource } from "./with-source.ts";

/** Writes one database as a script, from one snapshot. */
export async function dumpMysqlDatabase(
  source: MysqlSource,
  request: DumpRequest,
  sink: ByteSink,
  context: DumpContext,
  dumperVersion: string,
): Promise<DumpResult> {
  const { facts, spec } = source;
  const { database } = request;
  const telling = new DumpTelling(context.progress);
  if (facts.isNewerThanKnown) {
    telling.warn(
      `version ${facts.versionText} is newer than this program: kinds of objects that came with it are left out`,
    );
  }
  const defaults = await readDatabase(source.control, database);
  telling.phase("snapshot", "taking a snapshot");
  const options = request.mysql ?? usualMysqlDump;
  await using snapshot = await takeSnapshot(source, database, { sessions: 1, ...options }, (message) =>
    telling.warn(message),
  );
  const began = monotonic();
  const session = snapshot.sessions[0]!;
  const run: Run = {
    source,
    database,
    defaults,
    session,
    scanner: new InsertScanner(session.transport),
    snapshot,
    writer: new ScriptWriter(sink),
    shape: request.shape ?? wholeShape,
    options,
    telling,
  };
  const { tables, notIncluded } = await writeScript(run, dumperVersion);
  return {
    server: {
      databaseType: facts.flavour,
      version: facts.versionText,
      host: spec.host.kind === "tcp" ? spec.host.host : spec.host.path,
      port: spec.host.kind === "tcp" ? spec.host.port : 0,
      user: spec.user,
      ...(facts.variables.has("server_uuid") ? { uuid: facts.variables.get("server_uuid")! } : {}),
      encoding: defaults.charset,
    },
    binlogSnapshot: {
      method: snapshot.method,
      seconds: (monotonic() - began) / 1000,
      lockedSeconds: await snapshot.unlock(),
      ...(snapshot.coordinates === undefined ? {} : { coordinates: snapshot.coordinates }),
    },
    rowSettings: { time_zone: "+00:00" },
    tables,
    notIncluded,
    warnings: [...spec.warnings, ...telling.warnings],
  };
}

interface Run {
  readonly source: MysqlSource;
  readonly database: string;
  readonly defaults: DatabaseDefaults;
  readonly session: MysqlConnection;
  readonly scanner: InsertScanner;
  readonly snapshot: Snapshot;
  readonly writer: ScriptWriter;
  readonly shape: DumpShape;
  readonly options: MysqlDumpOptions;
  readonly telling: DumpTelling;
}

interface DatabaseDefaults {
  readonly charset: string;
  readonly collation: string;
}

/** @throws BackupError NOT_FOUND */
async function readDatabase(connection: MysqlConnection, database: string): Promise<DatabaseDefaults> {
  const rows = await connection.rows(
    `SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`,
  );
  const row = rows.find(({ SCHEMA_NAME }) => SCHEMA_NAME === database) ?? rows[0];
  if (row === undefined) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: `there is no database "${database}", or this user may not see it`,
      object: database,
      hint: "check the name; SHOW DATABASES lists those that the user may see",
    });
  }
  return { charset: row.DEFAULT_CHARACTER_SET_NAME!, collation: row.DEFAULT_COLLATION_NAME! };
}

async function writeScript(
  run: Run,
  dumperVersion: string,
): Promise<Pick<DumpResult, "notIncluded"> & { tables: DumpedTable[] }> {
  const { session, database, writer, telling, source, shape } = run;
  const hasSchema = !shape.dataOnly && !shape.noSchema;
  const hasData = !shape.schemaOnly && !shape.noData;
  telling.phase("introspect", "reading the catalogue");
  const relations = chosenRelations(await readRelations(session, database), run.options);
  await requireRights(source, database, relations, run.options);
  if (run.options.columnStatistics) requireHistograms(source.facts);
  const flavour = source.facts.flavour === "mariadb" ? "MariaDB" : "MySQL";
  await writer.write(scriptHead(`${dumperVersion}: dump of a database of ${flavour} ${source.facts.versionText}`));
  if (hasSchema) await writeDatabase(run);
  const tables = relations.filter(({ kind }) => kind === "table");
  if (hasSchema) {
    for (const { name } of relations.filter(({ kind }) => kind === "sequence")) {
      await writeSequence(session, name, writer, run.options.drops);
    }
  }
  const isDumped = (table: Relation): boolean => holdsRows(table) && !run.options.ignoredData.includes(table.name);
  const histories =
    hasData && run.options.history
      ? await readRowHistories(session, database, tables.filter(isDumped), source.facts)
      : new Map<string, RowHistory>();
  telling.begin(tables.filter(holdsRows));
  const dumped: DumpedTable[] = [];
  const locks = new DefinitionLocks(session);
  // What no snapshot holds comes first, while others wait for us.
  for (const table of tables.toSorted((a, b) => Number(isInSnapshots(a.engine)) - Number(isInSnapshots(b.engine)))) {
    if (isInSnapshots(table.engine)) await run.snapshot.unlock();
    await locks.before(table);
    if (hasSchema) await writeTable(run, table);
    if (hasData && isDumped(table)) dumped.push(await writeRows(run, table, histories.get(table.name)));
  }
  await locks.release();
  if (run.options.columnStatistics) await writeHistograms(session, database, tables, source.facts, writer);
  if (hasSchema) await writeCode(run, relations);
  const notIncluded = [
    ...(await readNotIncluded(session, database, source.facts, run.options)),
    ...missingHistories(tables.filter(({ name }) => !histories.has(name))),
    ...missingRows(tables.filter((table) => !holdsRows(table))),
  ];
  await writer.write(scriptFoot());
  await writer.flush();
  telling.end();
  return { tables: dumped, notIncluded };
}

/** What a backup of versioned tables leaves out. */
function missingHistories(tables: readonly Relation[]): NotIncluded[] {
  const versioned = tables.filter(({ isVersioned }) => isVersioned).map(({ name }) => name);
  if (versioned.length === 0) return [];
  return [
    {
      kind: "row-histories",
      count: versioned.length,
      examples: versioned.slice(0, 3),
      hint: "old versions of rows of system-versioned tables are not in it; --dump-history takes them",
    },
  ];
}

/** Rows that lie in other tables, files or servers. */
function missingRows(tables: readonly Relation[]): NotIncluded[] {
  if (tables.length === 0) return [];
  return [
    {
      kind: "rows-kept-elsewhere",
      count: tables.length,
      examples: tables.slice(0, 3).map(({ name }) => name),
      hint: "these tables' engines hold no rows of their own: back up what they show where it is kept",
    },
  ];
}

/** Objects take its character set and collation where they say none, so they belong to what is backed up. */
async function writeDatabase({ writer, shape, session, database, defaults }: Run): Promise<void> {
  if (shape.script.create) {
    const name = quoteName(database);
    const { create } = await showCreate(session, "DATABASE IF NOT EXISTS", name, `database "${database}"`);
    await writer.write("\n", create, `;\nUSE ${name};\n`);
  }
  await writer.write(`\nALTER DATABASE CHARACTER SET ${defaults.charset} COLLATE ${defaults.collation};\n`);
}

async function writeTable({ session, writer, options }: Run, { name }: Relation): Promise<void> {
  const { create } = await showCreate(session, "TABLE", quoteName(name), `table "${name}"`);
  const drop = options.drops ? `DROP TABLE IF EXISTS ${quoteName(name)};\n` : "";
  await writer.write(`\n-- table ${nameInComment(name)}\n${drop}`, create, ";\n");
}

async function writeRows(
  { session, scanner, writer, database, telling, options, source }: Run,
  table: Relation,
  history: RowHistory | undefined,
): Promise<DumpedTable> {
  telling.objectStart(table.name);
  // One transaction, so that a load is not one of as many as there are statements.
  await writer.write(history === undefined ? "" : historyBegins, "START TRANSACTION;\n");
  const onBytes = (bytes: number): void => telling.addBytes(bytes);
  const exactJson = source.facts.capabilities.recursionIntoJson && !options.rows.jsonAsText;
  const totals = await dumpRows(session, scanner, table, { ...options, exactJson }, writer, onBytes, history);
  await writer.write("COMMIT;\n", history === undefined ? "" : historyEnds);
  telling.objectEnd(table.name, totals.rows, totals.bytes);
  return { schema: database, name: table.name, ...totals, ...(history === undefined ? {} : { hasHistory: true }) };
}

/**
 * Views may call functions, functions may read views, and triggers anything: first every view gets a stand-in with its
 * columns, then come routines, whose bodies servers do not look into, then the views themselves.
 */
async function writeCode(run: Run, relations: readonly Relation[]): Promise<void> {
  const { session, database, writer, source, defaults, options } = run;
  const code = new StoredCodeWriter(writer, defaults.collation, new DefinerChanger(options.definer, session));
  const write = async (what: string, name: string, shown?: ShownObject): Promise<void> => {
    const quoted = quoteName(name);
    const object = shown ?? (await showCreate(session, what, quoted, `${what.toLowerCase()} "${name}"`));
    // A stand-in must go in any case.
    await code.write(object, options.drops || what === "VIEW" ? [`\nDROP ${what} IF EXISTS ${quoted}`] : ["\n"]);
  };
  const views = await readViews(run, relations);
  for (const { name, columns } of views) await writer.write(standIn(name, columns, options.drops));
  if (options.routines) {
    for (const { what, name } of await readRoutines(session, database, source.facts)) await write(what, name);
  }
  for (const { name, shown } of viewsInOrder(views)) await write("VIEW", name, shown);
  if (options.triggers) {
    const chosen = new Set(relations.map(({ name }) => name));
    for (const { name, table } of await readTriggers(session, database)) {
      if (chosen.has(table)) await write("TRIGGER", name);
    }
  }
  if (options.events) {
    for (const name of await readEvents(session, database)) await write("EVENT", name);
  }
  await code.end();
}

interface View {
  readonly name: string;
  readonly columns: Relation["columns"];
  readonly shown: ShownObject;
  readonly create: Buffer;
}

async function readViews({ session, telling }: Run, relations: readonly Relation[]): Promise<View[]> {
  const views: View[] = [];
  for (const { name, kind, columns } of relations) {
    if (kind !== "view") continue;
    if (columns.length === 0) {
      telling.warn(`view "${name}" is invalid, and is left out: something that it selects from is gone`, name);
      continue;
    }
    const shown = await showCreate(session, "VIEW", quoteName(name), `view "${name}"`);
    views.push({ name, columns, shown, create: shown.create });
  }
  return views;
}

function standIn(name: string, columns: Relation["columns"], drops: boolean): string {
  const list = columns.map((column) => `1 AS ${quoteName(column.name)}`).join(", ");
  const drop = drops ? `DROP VIEW IF EXISTS ${quoteName(name)};\n` : "";
  return `\n${drop}CREATE VIEW ${quoteName(name)} AS SELECT ${list};\n`;
}
