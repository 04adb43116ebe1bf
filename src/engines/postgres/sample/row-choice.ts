import { createHash } from "node:crypto";
import type { SampleChoice } from "../../../ports/sample.ts";
import type { Capabilities } from "../capabilities.ts";

/** A table of which rows are chosen; of partitions, the root of their tree. Binary strings. */
export interface ChosenFrom {
  readonly schema: string;
  readonly name: string;
  /** Quoted columns that name a row: those of a key, else all. */
  readonly columns: readonly string[];
}

/** Hashes are 64 bits, with a sign as the server has it. */
const LOWEST_HASH = -(2n ** 63n);
const HASHES = 2n ** 64n;
/** Percents are taken to the millionth. */
const PARTS_OF_PERCENT = 1_000_000;

/**
 * SQL of a hash of a row: of its key's text alone, so that it depends on nothing but the seed, the table's name and the
 * key, and neither on where the row lies nor on the others. Rows that have no key and are equal have the same.
 *
 * `hashtextextended` gives the same on all servers that have it: hash partitions rely on that. Before it there was md5,
 * ten times slower, which chooses other rows.
 * @param row what a statement calls the row
 */
export function rowHash(
  table: ChosenFrom,
  { seed }: SampleChoice,
  { extendedHashes }: Capabilities,
  row = "t",
): string {
  const text = `ROW(${table.columns.map((column) => `${row}.${column}`).join(", ")})::pg_catalog.text`;
  const ofTable = createHash("sha256").update(`${seed}\0${table.schema}\0${table.name}`, "latin1").digest();
  if (extendedHashes) {
    const number = ofTable.readBigInt64BE(0);
    return `pg_catalog.hashtextextended(${text} COLLATE pg_catalog."C", '${number}'::pg_catalog.int8)`;
  }
  const salted = `'${ofTable.toString("hex")}'::pg_catalog.text OPERATOR(pg_catalog.||) ${text}`;
  const digits = `'x' OPERATOR(pg_catalog.||) pg_catalog.substr(pg_catalog.md5(${salted}), 1, 16)`;
  return `(${digits})::pg_catalog.bit(64)::pg_catalog.int8`;
}

/** SQL conditions that chosen rows fulfil, at most one. Not for samples of so many rows. */
export function hashCondition(
  table: ChosenFrom,
  choice: SampleChoice,
  capabilities: Capabilities,
  row = "t",
): string[] {
  const limit = hashLimit(choice);
  return limit === undefined ? [] : [`${rowHash(table, choice, capabilities, row)} < ${hashLiteral(limit)}`];
}

/** Rows with a smaller hash are chosen; undefined when all are. */
function hashLimit({ kind, value }: SampleChoice): bigint | undefined {
  const [part, whole] =
    kind === "ratio"
      ? [1n, BigInt(value)]
      : [BigInt(Math.round(value * PARTS_OF_PERCENT)), BigInt(100 * PARTS_OF_PERCENT)];
  return part >= whole ? undefined : LOWEST_HASH + (HASHES * part) / whole;
}

/** As SQL. */
export function hashLiteral(hash: bigint): string {
  return `'${hash}'::pg_catalog.int8`;
}
