import type { SampleChoice } from "../../../ports/sample.ts";
import type { DumpSession } from "../dump/dump-session.ts";
import type { RunQuery } from "../objects/catalog-queries.ts";
import type { ChooseRow } from "./choose-by-hash.ts";
import { type PlaceQuery, runPlaceQueries } from "./place-queries.ts";
import { hashLiteral, rowHash } from "./row-choice.ts";
import type { SampledTree } from "./sampled-heap.ts";

/** Hashes are counted in buckets of so many bits less, in one pass after another, until few enough are left. */
const BUCKET_SHIFTS = [52n, 40n, 28n, 16n, 4n, 0n] as const;
/** Rows of the last bucket whose hashes are looked at one by one. */
const FEW_ROWS = 10_000;

interface CountChoice {
  readonly tree: SampledTree;
  readonly hash: string;
  readonly wanted: number;
}

/** Hashes below `from` are chosen, and of those from there to `to` (not included) so many rows as are `left`. */
interface HashBounds {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly left: number;
}

/**
 * So many rows of a tree, those with the lowest hashes. They are found by counting, not by sorting: one pass counts the
 * hashes by their first bits, another one reads the rows below the bucket in which the last row lies, and those in it.
 */
export async function chooseByCount(
  tree: SampledTree,
  choice: SampleChoice,
  { connection, rows, capabilities }: DumpSession,
  take: ChooseRow,
): Promise<void> {
  const counted: CountChoice = { tree, hash: rowHash(tree, choice, capabilities), wanted: choice.value };
  const bounds = await findBounds(counted, rows);
  const last: HashedPlace[] = [];
  await runPlaceQueries([connection], placesWithin(counted, bounds, take, last));
  const inOrder = last.toSorted((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  for (const { table, page, item } of inOrder.slice(0, bounds.left)) take(table, page, item);
}

async function findBounds({ tree, hash, wanted }: CountChoice, rows: RunQuery): Promise<HashBounds> {
  let bounds: HashBounds = { from: undefined, to: undefined, left: wanted };
  for (const shift of BUCKET_SHIFTS) {
    const buckets = await countBuckets(tree, hash, shift, bounds, rows);
    let { left } = bounds;
    let isCut = false;
    for (const [bucket, count] of [...buckets].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (count > left) {
        bounds = { from: bucket << shift, to: (bucket + 1n) << shift, left };
        isCut = true;
        if (count <= FEW_ROWS || shift === 0n) return bounds;
        break;
      }
      left -= count;
    }
    // There are no more rows than are wanted.
    if (!isCut) return { from: undefined, to: undefined, left: 0 };
  }
  return bounds;
}

/** How many rows have hashes with the same first bits. */
async function countBuckets(
  { heaps }: SampledTree,
  hash: string,
  shift: bigint,
  bounds: HashBounds,
  rows: RunQuery,
): Promise<Map<bigint, number>> {
  const buckets = new Map<bigint, number>();
  const found = await Promise.all(
    heaps.map(({ name }) =>
      rows(
        `SELECT s.hash >> ${shift} AS bucket, pg_catalog.count(*) AS count FROM (${hashedRows(name, hash)}) AS s ` +
          `${within(bounds)} GROUP BY 1`,
      ),
    ),
  );
  for (const { bucket, count } of found.flat()) {
    const key = BigInt(bucket!);
    buckets.set(key, (buckets.get(key) ?? 0) + Number(count));
  }
  return buckets;
}

/** OFFSET keeps the server from computing each hash as often as it is named. */
function hashedRows(name: string, hash: string): string {
  return `SELECT t.tableoid, t.ctid, ${hash} AS hash FROM ${name} AS t OFFSET 0`;
}

function within({ from, to }: HashBounds): string {
  return from === undefined ? "" : `WHERE s.hash >= ${hashLiteral(from)} AND s.hash <= ${hashLiteral(to! - 1n)}`;
}

function* placesWithin(
  { tree, hash }: CountChoice,
  { from, to, left }: HashBounds,
  take: ChooseRow,
  last: HashedPlace[],
): Generator<PlaceQuery> {
  // Of rows with the same hash, which are equal, it does not matter which are taken.
  const areEqual = from !== undefined && to! - from === 1n;
  let equalLeft = left;
  for (const { name } of tree.heaps) {
    if (from === undefined) {
      yield { sql: `SELECT t.tableoid, t.ctid FROM ${name} AS t`, take };
      continue;
    }
    yield {
      sql:
        `SELECT s.tableoid, s.ctid, s.hash FROM (${hashedRows(name, hash)}) AS s ` +
        `WHERE s.hash <= ${hashLiteral(to! - 1n)}`,
      isHashed: true,
      take: (table, page, item, value) => {
        if (value < from || (areEqual && equalLeft-- > 0)) take(table, page, item);
        else if (!areEqual) last.push({ table, page, item, hash: value });
      },
    };
  }
}

/** A row of the last bucket. */
interface HashedPlace {
  readonly table: number;
  readonly page: number;
  readonly item: number;
  readonly hash: bigint;
}
