import { joinRowTotals, type RowTotals } from "../../../core/row-totals.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { DumpedTable } from "../../../ports/dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import type { DirectoryKind } from "../directory/directory-schema.ts";
import type { Relation } from "../objects/read-relations.ts";
import { historyBegins, historyEnds, type RowHistory } from "../objects/row-history.ts";
import { StoredCodeWriter } from "../objects/stored-code.ts";
import { writeHistograms } from "../objects/write-histograms.ts";
import { writeSequence } from "../objects/write-sequence.ts";
import { DefinerChanger } from "../script/definer-changer.ts";
import { lateObjects, tableText, writeDatabase } from "./database-objects.ts";
import { DefinitionLocks } from "./definition-locks.ts";
import {
  countedEntries,
  type DumpedDatabase,
  type DumpRun,
  expectedTables,
  wantsRows,
  wantsSchema,
} from "./dump-run.ts";
import { historiesOf } from "./histories-of.ts";
import { type EvenRanges, planEvenRanges } from "./plan-ranges.ts";
import { runLanes } from "./run-lanes.ts";
import { dumpTitle, scriptFoot, scriptHead } from "./script-frame.ts";
import { type PartedTable, type ScriptPart, ScriptParts } from "./script-parts.ts";
import { ScriptWriter } from "./script-writer.ts";
import { isInSnapshots } from "./snapshot/read-unprotected.ts";
import { dumpRows } from "./table-rows.ts";
import { notIncludedIn } from "./tables-not-included.ts";
import { Turns } from "./turns.ts";

/**
 * With several sessions, what each reads at a time takes so much on the server's disk. A scanner holds a third of it while
 * others write, and its server waits with the rest; parts that fit into it cost both sides an eighth more CPU time.
 */
export const SCRIPT_PART_BYTES = 8 * 1024 * 1024;

/** What a connection reads with. */
interface Lane {
  readonly session: MysqlConnection;
  readonly scanner: InsertScanner;
  readonly locks: DefinitionLocks;
}

/** A table with what is in the script of it. */
interface TableInScript extends PartedTable {
  readonly table: Relation;
  readonly history: RowHistory | undefined;
  /** Of the parts that were read; undefined when its rows are not wanted. */
  readonly totals: RowTotals[] | undefined;
}

/** Writes a database as one script. Several sessions read parts of its tables beside each other; they come in order. */
export async function dumpScript(run: DumpRun, sink: ByteSink): Promise<DumpedDatabase> {
  const { telling, relations, snapshot, options } = run;
  const session = snapshot.sessions[0]!;
  const writer = new ScriptWriter(sink);
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
  telling.begin(expectedTables(run, tables));
  const planned = await planTables(run, tables, histories);
  await writeTables(run, planned, writer);
  if (options.columnStatistics) await writeHistograms(session, run.database, tables, run.source.facts, writer);
  const late = hasSchema ? await writeLateObjects(run, writer) : [];
  const notIncluded = await notIncludedIn(run, ({ name }) => histories.has(name));
  await writer.write(scriptFoot());
  await writer.flush();
  telling.end();
  const early = hasSchema ? relations.flatMap(({ kind }) => (kind === "view" ? [] : [kind])) : [];
  return {
    tables: planned.flatMap((table) => dumpedTable(run, table)),
    entries: countedEntries([...early, ...late]),
    notIncluded,
  };
}

/** In the order of the script: what no snapshot holds comes first, while others wait for us. */
async function planTables(
  run: DumpRun,
  tables: readonly Relation[],
  histories: ReadonlyMap<string, RowHistory>,
): Promise<TableInScript[]> {
  const { snapshot, database } = run;
  const [session, ...others] = snapshot.sessions;
  const inOrder = tables.toSorted((a, b) => Number(isInSnapshots(a.engine)) - Number(isInSnapshots(b.engine)));
  const planned: TableInScript[] = [];
  for (const table of inOrder) {
    const history = histories.get(table.name);
    const isCut = others.length > 0 && history === undefined && wantsRows(run, table);
    const sampled = run.sample?.get(table.name)?.ranges;
    const ranges =
      sampled !== undefined
        ? sampled
        : isCut
          ? await planEvenRanges(session!, database, table, SCRIPT_PART_BYTES)
          : wholeTable;
    planned.push({ table, ranges, history, totals: wantsRows(run, table) ? [] : undefined });
  }
  return planned;
}

const wholeTable: EvenRanges = { count: 1, condition: () => undefined };

async function writeTables(run: DumpRun, tables: readonly TableInScript[], writer: ScriptWriter): Promise<void> {
  const { snapshot } = run;
  const lanes: Lane[] = snapshot.sessions.map((session) => ({
    session,
    scanner: new InsertScanner(session.transport),
    locks: new DefinitionLocks(session),
  }));
  let unprotected = tables.filter(({ table }) => !isInSnapshots(table.engine)).length;
  if (unprotected === 0) await snapshot.unlock();
  const turns = new Turns();
  const parts = new ScriptParts(tables, run.serverWait);
  const work = async (lane: Lane): Promise<void> => {
    if (lane !== lanes[0]) await parts.untilShared();
    for (let part = parts.take(); part !== undefined; part = parts.take()) {
      await writePart(run, lane, part, turns, writer);
      if (isInSnapshots(part.of.table.engine)) continue;
      unprotected--;
      if (unprotected === 0) await snapshot.unlock();
    }
    await lane.locks.release();
  };
  await runLanes(lanes, work, async (reason) => {
    turns.fail(reason);
    parts.stop();
    await Promise.all(snapshot.sessions.map((session) => session.close()));
  });
}

/** Reads at once and as far ahead as the scanner has memory, and writes when all before it is written. */
async function writePart(
  run: DumpRun,
  { session, scanner, locks }: Lane,
  { place, of: { table, ranges, history, totals }, index, end }: ScriptPart<TableInScript>,
  turns: Turns,
  writer: ScriptWriter,
): Promise<void> {
  const { telling, options, source } = run;
  await locks.before(table);
  if (index === 0) {
    const definition = wantsSchema(run) ? await tableText(run, session, table) : [];
    await turns.until(place);
    await writer.write(...definition);
    if (totals !== undefined) {
      telling.objectStart(table.name);
      // One transaction, so that a load is not one of as many as there are statements.
      await writer.write(history === undefined ? "" : historyBegins, "START TRANSACTION;\n");
    }
  }
  if (totals !== undefined) {
    const exactJson = source.facts.capabilities.recursionIntoJson && !options.rows.jsonAsText;
    const writeBlock = writer.blockWriter();
    const write = (block: Buffer): Promise<void> => turns.until(place).then(() => writeBlock(block));
    const condition = end === index + 1 ? ranges.condition(index) : ranges.between?.(index, end);
    const rows = { ...options, exactJson, history, condition };
    totals.push(await dumpRows(session, scanner, table, rows, write, (bytes) => telling.addBytes(bytes)));
  }
  await turns.until(place);
  if (totals !== undefined && end === ranges.count) {
    await writer.write("COMMIT;\n", history === undefined ? "" : historyEnds);
    const { rows, bytes } = joinRowTotals(totals);
    telling.objectEnd(table.name, rows, bytes);
  }
  turns.end(place);
}

function dumpedTable({ database }: DumpRun, { table, totals, history }: TableInScript): DumpedTable[] {
  if (totals === undefined) return [];
  const dumped = { schema: database, name: table.name, ...joinRowTotals(totals) };
  return [history === undefined ? dumped : { ...dumped, hasHistory: true }];
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
