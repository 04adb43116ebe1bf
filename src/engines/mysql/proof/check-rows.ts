import { formatCount } from "../../../core/counted.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { PromisedContents, PromisedTable, ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";
import { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { DumpTelling } from "../dump/dump-telling.ts";
import { holdsRows } from "../dump/table-rows.ts";
import { TaskQueue } from "../dump/task-queue.ts";
import { namesUnder } from "../objects/names-as-kept.ts";
import type { Relation } from "../objects/read-relations.ts";
import { readRowHistories } from "../objects/row-history.ts";
import type { ProofTarget } from "./proof-database.ts";
import { type RowLane, readRows } from "./read-rows.ts";

/**
 * Reads all rows as a dump would, over several sessions, and holds their numbers and checksums against what was recorded
 * when the backup was made.
 */
export async function checkRows(
  target: ProofTarget,
  promised: PromisedContents,
  progress: ProgressSink,
): Promise<ProofFindings & { readonly isProven: boolean }> {
  const tables = target.relations.filter(holdsRows);
  const named = asNamed(target);
  const expected = new Map((promised.tables ?? []).map((table) => [named(table.name), table]));
  const read = await readAll(target, tables, promised, progress);
  const found = new Set([...read.keys()].map(named));
  const missing = [...expected].filter(([name]) => !found.has(name));
  const damage: ProofDamage[] = missing.map(([, { name }]) => ({
    object: `table ${name}`,
    message: "the backup has it, and it is not there",
  }));
  const otherwise: string[] = [];
  for (const [name, totals] of read) {
    const wanted = expected.get(named(name));
    const wrong = wanted === undefined ? unexpected(totals, promised) : differs(totals, wanted);
    if (wrong === "checksum" && !isAsDumped(target, promised)) otherwise.push(name);
    else if (wrong !== undefined) damage.push({ object: `table ${name}`, message: messageOf(wrong, totals, wanted) });
  }
  const rows = [...read.values()].reduce((sum, totals) => sum + totals.rows, 0);
  const knowsAll = promised.tablesAreAll && promised.rowSettings !== undefined;
  return {
    counts: { tables: read.size, rows },
    damage,
    notes: notesOf(otherwise, promised),
    isProven: knowsAll && damage.length === 0 && otherwise.length === 0,
  };
}

const asNamed = ({ facts }: ProofTarget): ((name: string) => string) =>
  namesUnder(facts.variables.get("lower_case_table_names"));

async function readAll(
  target: ProofTarget,
  tables: readonly Relation[],
  promised: PromisedContents,
  progress: ProgressSink,
): Promise<ReadonlyMap<string, RowTotals>> {
  const { sessions, database, facts } = target;
  const named = asNamed(target);
  const withHistory = new Set(
    (promised.tables ?? []).flatMap(({ name, hasHistory }) => (hasHistory ? [named(name)] : [])),
  );
  const versioned = tables.filter(({ name }) => withHistory.has(named(name)));
  const histories =
    versioned.length === 0 ? new Map() : await readRowHistories(sessions[0]!, database, versioned, facts);
  const telling = new DumpTelling(progress);
  telling.begin(tables);
  const read = new Map<string, RowTotals>();
  const lanes: RowLane[] = sessions.map((session) => ({ session, scanner: new InsertScanner(session.transport) }));
  const largestFirst = tables.toSorted((a, b) => b.bytes - a.bytes);
  const queue = new TaskQueue<RowLane>(
    largestFirst.map((table) => async (lane) => {
      telling.objectStart(table.name);
      const onBytes = (count: number): void => telling.addBytes(count);
      const totals = await readRows(lane, table, { facts, promised, history: histories.get(table.name), onBytes });
      read.set(table.name, totals);
      telling.objectEnd(table.name, totals.rows, totals.bytes);
    }),
  );
  await queue.run(lanes, async () => {
    await Promise.all(sessions.map((session) => session.close()));
  });
  telling.end();
  return read;
}

type Difference = "rows" | "checksum" | "unexpected";

function differs({ rows, checksum }: RowTotals, wanted: PromisedTable): Difference | undefined {
  if (rows !== wanted.rows) return "rows";
  return wanted.checksum === undefined || checksum === wanted.checksum ? undefined : "checksum";
}

function unexpected({ rows }: RowTotals, { tablesAreAll }: PromisedContents): Difference | undefined {
  return tablesAreAll && rows > 0 ? "unexpected" : undefined;
}

function messageOf(difference: Difference, { rows }: RowTotals, wanted: PromisedTable | undefined): string {
  switch (difference) {
    case "rows":
      return `it holds ${formatCount(rows)} rows instead of the ${formatCount(wanted!.rows)} that were backed up`;
    case "checksum":
      return "its rows are not those that were backed up: their checksum differs";
    case "unexpected":
      return `it holds ${formatCount(rows)} rows that the backup does not tell of`;
    default:
      return difference satisfies never;
  }
}

/** Others write values in another way: stock programs, and servers of another version or flavour. */
export function isAsDumped(
  { facts }: Pick<ProofTarget, "facts">,
  { rowSettings, sourceVersion }: Pick<PromisedContents, "rowSettings" | "sourceVersion">,
): boolean {
  return rowSettings !== undefined && seriesOf(sourceVersion) === seriesOf(facts.versionText);
}

/** `MariaDB 10.11`, `9.7`. */
function seriesOf(version: string): string {
  const [, series = version] = /^(?:5\.5\.5-(?=\d+\.))?(\d+\.\d+)/.exec(version) ?? [];
  return `${/mariadb/i.test(version) ? "MariaDB " : ""}${series}`;
}

function notesOf(otherwise: readonly string[], { rowSettings, sourceVersion }: PromisedContents): string[] {
  if (otherwise.length === 0) return [];
  const shown = `${otherwise.slice(0, 3).join(", ")}${otherwise.length > 3 ? ` and ${otherwise.length - 3} more` : ""}`;
  const reason =
    rowSettings === undefined
      ? "the program that made the backup writes values in another way"
      : `servers of another version than ${sourceVersion} may write values in another way`;
  return [`rows were counted only, where checksums differ (${shown}): ${reason}`];
}
