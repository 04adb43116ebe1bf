import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { DumpedTable } from "../../../ports/dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import type { DirectoryKind } from "../directory/directory-schema.ts";
import type { Relation } from "../objects/read-relations.ts";
import { historyBegins, historyEnds, type RowHistory, readRowHistories } from "../objects/row-history.ts";
import { StoredCodeWriter } from "../objects/stored-code.ts";
import { writeHistograms } from "../objects/write-histograms.ts";
import { writeSequence } from "../objects/write-sequence.ts";
import { DefinerChanger } from "../script/definer-changer.ts";
import { lateObjects, writeDatabase, writeTable } from "./database-objects.ts";
import { DefinitionLocks } from "./definition-locks.ts";
import { countedEntries, type DumpedDatabase, type DumpRun, wantsRows, wantsSchema } from "./dump-run.ts";
import { dumpTitle, scriptFoot, scriptHead } from "./script-frame.ts";
import { ScriptWriter } from "./script-writer.ts";
import { isInSnapshots } from "./snapshot/read-unprotected.ts";
import { dumpRows, holdsRows } from "./table-rows.ts";
import { notIncludedIn } from "./tables-not-included.ts";

/** Writes a database as one script. */
export async function dumpScript(run: DumpRun, sink: ByteSink): Promise<DumpedDatabase> {
  const { telling, relations, snapshot, options } = run;
  const session = snapshot.sessions[0]!;
  const writer = new ScriptWriter(sink);
  const scanner = new InsertScanner(session.transport);
  const hasSchema = wantsSchema(run);
  await writer.write(scriptHead(dumpTitle(run)));
  if (hasSchema) {
    await writeDatabase(run, writer);
    for (const { kind, name } of relations) {
      if (kind === "sequence") await writeSequence(session, name, writer, options.drops);
    }
  }
  const tables = relations.filter(({ kind }) => kind === "table");
  const histories = await historiesOf(run, tables);
  telling.begin(tables.filter(holdsRows));
  const dumped: DumpedTable[] = [];
  const locks = new DefinitionLocks(session);
  // What no snapshot holds comes first, while others wait for us.
  for (const table of tables.toSorted((a, b) => Number(isInSnapshots(a.engine)) - Number(isInSnapshots(b.engine)))) {
    if (isInSnapshots(table.engine)) await snapshot.unlock();
    await locks.before(table);
    if (hasSchema) await writeTable(run, session, table, writer);
    if (wantsRows(run, table))
      dumped.push(await writeRows(run, session, scanner, table, writer, histories.get(table.name)));
  }
  await locks.release();
  if (options.columnStatistics) await writeHistograms(session, run.database, tables, run.source.facts, writer);
  const late = hasSchema ? await writeLateObjects(run, writer) : [];
  const notIncluded = await notIncludedIn(run, ({ name }) => histories.has(name));
  await writer.write(scriptFoot());
  await writer.flush();
  telling.end();
  const early = hasSchema ? relations.flatMap(({ kind }) => (kind === "view" ? [] : [kind])) : [];
  return { tables: dumped, entries: countedEntries([...early, ...late]), notIncluded };
}

async function historiesOf(run: DumpRun, tables: readonly Relation[]): Promise<ReadonlyMap<string, RowHistory>> {
  const { options, snapshot, database, source } = run;
  if (!options.history) return new Map();
  const dumped = tables.filter((table) => wantsRows(run, table));
  const wantsAny = !run.shape.schemaOnly && !run.shape.noData;
  return wantsAny ? await readRowHistories(snapshot.sessions[0]!, database, dumped, source.facts) : new Map();
}

async function writeRows(
  { database, telling, options, source }: DumpRun,
  session: MysqlConnection,
  scanner: InsertScanner,
  table: Relation,
  writer: ScriptWriter,
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

/** Answers the kinds of what was written. */
async function writeLateObjects(run: DumpRun, writer: ScriptWriter): Promise<DirectoryKind[]> {
  const { defaults, options, snapshot } = run;
  const definers = new DefinerChanger(options.definer, snapshot.sessions[0]!);
  const code = new StoredCodeWriter(writer, defaults.collation, definers);
  const kinds: DirectoryKind[] = [];
  for await (const { kind, before, shown } of lateObjects(run)) {
    kinds.push(kind);
    if (shown === undefined) await writer.write(before);
    else await code.write(shown, [before]);
  }
  await code.end();
  return kinds;
}
