import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import type { DumpIsolation } from "../../src/engines/postgres/dump/dump-session.ts";
import { codec } from "../helpers/codec.ts";
import { connectTo, dumpToMemory } from "../helpers/dump-to-memory.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const tables = 20;
const perTable = 1000;
const total = tables * perTable;

async function makeAccounts(database: TestDatabase): Promise<void> {
  const names = Array.from({ length: tables }, (_, index) => index);
  await database.sql(
    names
      .map(
        (n) =>
          `CREATE TABLE account_${n} (money bigint, filler text); INSERT INTO account_${n} VALUES (${perTable}, '');` +
          `INSERT INTO account_${n} SELECT 0, repeat('f', 100) FROM generate_series(1, 200);`,
      )
      .join("\n"),
  );
}

/** Moves money from table to table, each time within one transaction, until told to stop. */
async function moveMoney(server: ServerAddress, database: string, seed: number, stop: AbortSignal): Promise<number> {
  await using connection = await connectTo(server, database);
  let state = seed;
  let moves = 0;
  const next = (limit: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
  while (!stop.aborted) {
    // Lower table first, so that writers do not deadlock.
    const [a, b] = [next(tables), next(tables)].toSorted((x, y) => x - y);
    await connection.query(
      `BEGIN; UPDATE account_${a} SET money = money - 7 WHERE filler = '';
       UPDATE account_${b} SET money = money + 7 WHERE filler = ''; COMMIT`,
    );
    moves++;
    // What is written matters, not how much: without a pause the writers take the processors from the dumps.
    await sleep(5);
  }
  return moves;
}

async function dumpedTotal(bytes: Buffer): Promise<number> {
  const reader = await ArchiveFileReader.openObject(memoryObject(bytes), { codec });
  let sum = 0;
  for await (const block of reader.dataBlocks()) {
    if (block.kind !== "table-data") continue;
    const pieces: Buffer[] = [];
    for await (const piece of block.chunks()) pieces.push(piece);
    for (const row of Buffer.concat(pieces).toString("latin1").split("\n")) sum += Number(row.split("\t")[0]) || 0;
  }
  return sum;
}

/** Every other dump reads with several connections, tables of several pages in parts. */
async function dumpsUnderLoad(database: TestDatabase, count: number, isolation?: DumpIsolation): Promise<number[]> {
  const stop = new AbortController();
  const writers = [1, 2, 3].map((seed) => moveMoney(database.server, database.name, seed, stop.signal));
  const totals: number[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const { bytes } = await dumpToMemory(database.server, database.name, {
        jobs: i % 2 === 0 ? 1 : 3,
        splitLargerThan: 8192,
        ...(isolation === undefined ? {} : { isolation }),
      });
      totals.push(await dumpedTotal(bytes));
    }
  } finally {
    stop.abort();
  }
  const moves = await Promise.all(writers);
  expect(Math.min(...moves), "every writer wrote").toBeGreaterThan(0);
  return totals;
}

/** Writers and dumps share the machine with whatever else runs on it. */
const timeout = 240_000;

test("50 dumps under write load each hold the sum over 20 tables", { timeout }, async () => {
  await using database = await withDatabase(await sharedServer(18));
  await makeAccounts(database);
  const totals = await dumpsUnderLoad(database, 50);
  expect(totals).toHaveLength(50);
  expect(new Set(totals)).toEqual(new Set([total]));
});

test("the same load shows torn dumps when the shared snapshot is switched off", { timeout }, async () => {
  await using database = await withDatabase(await sharedServer(18));
  await makeAccounts(database);
  const totals = await dumpsUnderLoad(database, 10, "read committed");
  expect(totals.some((sum) => sum !== total)).toBe(true);
});
