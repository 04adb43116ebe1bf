import { createHash } from "node:crypto";
import type { SampleChoice } from "../../../ports/sample.ts";
import type { MysqlCapabilities } from "../../../wire/mysql/server-capabilities.ts";
import type { ColumnFacts } from "../objects/read-relations.ts";
import { quoteName } from "../quote.ts";

/** Hexadecimal digits of a hash that are compared: 64 bits. */
const HASH_DIGITS = 16;
const HASHES = 2n ** 64n;
/** Percents are taken to the millionth. */
const PARTS_OF_PERCENT = 1_000_000;

/** Their bytes, which no conversion changes. */
const inHex = /char|text|binary|blob|geometry|point|linestring|polygon|vector|enum|set/;

/**
 * SQL of a hash of a row, 16 hexadecimal digits: of the seed, the table's name and the columns that name the row alone, so that it depends on
 * neither where the row lies nor on the others. Rows that have no key and are equal have the same.
 * MySQL 9.6 and newer have no MD5, and choose others by another hash.
 */
export function rowHash(
  table: string,
  columns: readonly ColumnFacts[],
  { seed }: SampleChoice,
  { hasMd5 }: MysqlCapabilities,
  of = "",
): string {
  const salt = createHash("sha256").update(`${seed}\0${table}`).digest("hex");
  const values = columns.map((column) => {
    const name = `${of}${quoteName(column.name)}`;
    const value = inHex.test(column.type) ? `HEX(${name})` : `CAST(${name} AS CHAR)`;
    return `IFNULL(${value}, '-')`;
  });
  const text = `CONCAT_WS('/', ${[`'${salt}'`, ...values].join(", ")})`;
  return `LEFT(${hasMd5 ? `MD5(${text})` : `SHA2(${text}, 256)`}, ${HASH_DIGITS})`;
}

/** Rows with a smaller hash are chosen; undefined when all are. Not for samples of so many rows. */
export function hashLimit({ kind, value }: SampleChoice): string | undefined {
  const [part, whole] =
    kind === "ratio"
      ? [1n, BigInt(value)]
      : [BigInt(Math.round(value * PARTS_OF_PERCENT)), BigInt(100 * PARTS_OF_PERCENT)];
  return part >= whole ? undefined : ((HASHES * part) / whole).toString(16).padStart(HASH_DIGITS, "0");
}
