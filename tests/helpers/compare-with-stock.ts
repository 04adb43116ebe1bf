import { expect } from "vitest";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { openDumpSession, queryRows } from "../../src/engines/postgres/dump/dump-session.ts";
import { type PlannedEntries, planEntries } from "../../src/engines/postgres/dump/plan-entries.ts";
import type { Row } from "../../src/engines/postgres/objects/catalog-reader.ts";
import { readCatalog } from "../../src/engines/postgres/objects/read-catalog.ts";
import type { DumpSelection } from "../../src/ports/dump-selection.ts";
import { describeEntries } from "./describe-entries.ts";
import { connectTo } from "./dump-to-memory.ts";
import { withoutKnownDifferences } from "./known-differences.ts";
import { readStockToc } from "./stock-toc.ts";
import { stock } from "./stock-tools.ts";
import type { TestDatabase } from "./test-database.ts";

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

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}
