import { expect } from "vitest";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { openDumpSession, queryRows } from "../../src/engines/postgres/dump/dump-session.ts";
import { type PlannedEntries, planEntries } from "../../src/engines/postgres/dump/plan-entries.ts";
import type { Row } from "../../src/engines/postgres/objects/catalog-reader.ts";
import { readCatalog } from "../../src/engines/postgres/objects/read-catalog.ts";
import type { DumpSelection } from "../../src/ports/dump-selection.ts";
import { connectTo } from "./dump-to-memory.ts";
import { withoutKnownDifferences } from "./known-differences.ts";
import { readStockToc } from "./stock-toc.ts";
import { stock } from "./stock-tools.ts";
import type { TestDatabase } from "./test-database.ts";

/** Entries about the archive and the database as a whole, which no object type makes. */
const notOfObjects = new Set(["ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES"]);

/** A database, where it is. */
export type KnownDatabase = Pick<TestDatabase, "name" | "server" | "url">;

/** The entries that stock pg_dump 18 writes for a database, in its order. */
export async function stockEntries(database: KnownDatabase, args: readonly string[] = []): Promise<TocEntry[]> {
  const archive = await stock(18).must("pg_dump", ["-Fc", "-Z0", "-d", database.url, ...args], {
    // Stock pg_dump prints bytea as the database's settings say; ours is always hexadecimal.
    env: { PGOPTIONS: "-c bytea_output=hex" },
  });
  return readStockToc(archive.stdout);
}

/** The entries that we plan for a database, in our order, with warnings of the sorter: read as a dump reads them. */
export async function ourEntries(database: KnownDatabase, selection?: DumpSelection): Promise<PlannedEntries> {
  await using connection = await connectTo(database.server, database.name, { text: "binary" });
  const session = await openDumpSession(connection, { selection, database: database.name });
  return planEntries(
    await readCatalog(session, session.capabilities, { statistics: false, selection: session.selection }),
  );
}

/** Rows of one catalogue query, each value with one UTF-16 unit per byte. */
export async function binaryRows(database: TestDatabase, sql: string): Promise<readonly Row[]> {
  await using connection = await connectTo(database.server, database.name, { text: "binary" });
  return await queryRows(connection, sql);
}

export interface ComparedEntries {
  /** Text of each entry, all fields that matter, in order. */
  readonly ours: readonly string[];
  readonly stocks: readonly string[];
}

/**
 * Expects our entries to be stock pg_dump's: the same ones with the same fields, in the same order.
 * @param only takes out entries that the test is not about (say, object types that come from elsewhere).
 */
export async function expectSameAsStock(
  database: KnownDatabase,
  only: (entry: TocEntry) => boolean = () => true,
): Promise<void> {
  const { ours, stocks } = await compareWithStock(database, only);
  expect(ours.toSorted()).toEqual(stocks.toSorted());
  expect(ours.map(firstLine)).toEqual(stocks.map(firstLine));
}

export async function compareWithStock(
  database: KnownDatabase,
  only: (entry: TocEntry) => boolean = () => true,
): Promise<ComparedEntries> {
  const { entries, warnings } = await ourEntries(database);
  expect(warnings).toEqual([]);
  const [ours, stocks] = [entries, await stockEntries(database)].map((list) =>
    describeEntries(list, only).map((text) => withoutKnownDifferences(text, database.server.major)),
  );
  return { ours: ours!, stocks: stocks! };
}

/** One text per entry, with dependencies by name instead of by number, since numbers are each tool's own. */
export function describeEntries(entries: readonly TocEntry[], only: (entry: TocEntry) => boolean): string[] {
  const nameOf = new Map(
    entries.map((entry) => [entry.dumpId, `${entry.desc} ${entry.namespace ?? "-"} ${entry.tag}`]),
  );
  return entries
    .filter((entry) => !notOfObjects.has(entry.desc) && only(entry))
    .map((entry) =>
      [
        `${entry.desc} ${entry.namespace ?? "-"} ${entry.tag}`,
        `catalog ${entry.catalog.table} ${entry.catalog.oid}, section ${entry.section}, data ${entry.hadDumper}`,
        `tablespace ${JSON.stringify(entry.tablespace)}, access method ${entry.tableAccessMethod}, kind ${entry.relkind}`,
        `owner ${entry.owner}`,
        `after ${namesOfDependencies(entry, nameOf).join("; ")}`,
        `drop ${entry.drop ?? ""}`,
        `copy ${entry.copy ?? ""}`,
        entry.definition ?? "",
      ].join("\n"),
    );
}

/**
 * Stock pg_dump names some more than once; one without entry of its own says nothing. That privileges may need those of
 * the schema first is ours alone.
 */
function namesOfDependencies(entry: TocEntry, nameOf: ReadonlyMap<number, string>): string[] {
  const names = entry.dependencies.flatMap((id) => nameOf.get(id) ?? []);
  return [...new Set(names)].filter((name) => !name.startsWith("ACL - SCHEMA ")).toSorted();
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}
