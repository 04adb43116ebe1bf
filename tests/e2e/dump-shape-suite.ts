import { afterAll, beforeAll, expect, test } from "vitest";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { dumpSession } from "../../src/frontends/cli/dump-session.ts";
import { dumpShape } from "../../src/frontends/cli/dump-shape.ts";
import type { DumpRequest } from "../../src/ports/dump.ts";
import { commandLineOf } from "../helpers/backup-options.ts";
import { codec } from "../helpers/codec.ts";
import { stockEntries } from "../helpers/compare-with-stock.ts";
import { describeEntries } from "../helpers/describe-entries.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import type { TestDatabase } from "../helpers/test-database.ts";

/**
 * Tests that backups of the zoo made with these options are what stock pg_dump makes of it.
 * @param both options of archives and scripts
 * @param ofScripts options of scripts
 */
export function describeShapes(both: readonly string[], ofScripts: readonly string[]): void {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await loadZoo(await sharedServer(18));
  });

  afterAll(() => database.drop());

  const inOrder = both.filter((line) => !line.includes("statistics"));
  test.each([...inOrder, ...ofScripts])("scripts are stock pg_dump's: %s", async (line) => {
    const args = line.split(" ");
    const { bytes } = await dumpToMemory(database.server, database.name, requestOf(args, "plain"));
    const { stdout } = await stock(18).must("pg_dump", ["-d", database.url, "--restrict-key=k", ...args], {
      env: { PGOPTIONS: "-c bytea_output=hex" },
    });
    const quotesAll = args.includes("--quote-all-identifiers");
    expect(lines(bytes)).toEqual(lines(stdout).map(quotesAll ? withQuotedNotNull : String));
  });

  test.each(both)("archives hold what stock pg_dump's hold: %s", async (line) => {
    const args = line.split(" ");
    const { bytes } = await dumpToMemory(database.server, database.name, requestOf(args, "custom"));
    const reader = await ArchiveFileReader.openObject(memoryObject(bytes), { codec });
    const stocks = await stockEntries(database, args);
    // Statistics of materialized views are always ours behind the data; stock puts some of them in the middle of it.
    const ordered = (names: string[]) => (line.includes("statistics") ? names.toSorted() : names);
    expect(ordered(named(reader.entries))).toEqual(ordered(named(stocks)));
    expect(withData(reader.entries)).toBe(withData(stocks));
  });
}

function named(entries: readonly TocEntry[]): string[] {
  return describeEntries(entries, () => true).map((text) => text.slice(0, text.indexOf("\n")));
}

function withData(entries: readonly TocEntry[]): number {
  return entries.filter(({ hadDumper }) => hadDumper).length;
}

function requestOf(args: readonly string[], format: DumpRequest["format"]): Partial<DumpRequest> {
  const options = commandLineOf(args);
  return {
    format,
    shape: dumpShape(options),
    session: dumpSession(options),
    statistics: options.statistics === true,
    restrictKey: "k",
  };
}

/** Stock pg_dump forgets the names of some constraints when it quotes all. */
function withQuotedNotNull(line: string): string {
  return line.replace(/^( {4}CONSTRAINT )(\w+)( NOT NULL ")/, '$1"$2"$3');
}

/** A script without the lines that name the program. */
function lines(script: Buffer): string[] {
  return script
    .toString("latin1")
    .split("\n")
    .filter((line) => !line.startsWith("-- Dumped by "));
}
