import type { TocEntry } from "../archive/toc-entry.ts";
import { sqlPieces } from "./sql-pieces.ts";

/**
 * What building something takes, as a part of what loading the rows of its table takes: seconds of the server's CPU for
 * 2.4 million rows of 130 bytes that were loaded in 6.1 s (PostgreSQL 18, one session): a primary key of bigint 1.2, an
 * index of timestamps 2.8, of an integer and a timestamp 4.7, of hashes as text 7.8; with 40 tables of 70,000 rows a primary
 * key 0.17 of it, an index of integers 0.24, of hashes 0.84, a foreign key 0.11. Good enough to begin with what takes longest,
 * and to guess how long it will be.
 */
const work = { numbers: 0.25, moreNumbers: 0.3, text: 1.1, notBtree: 2, foreignKey: 0.12, other: 0.02 } as const;

/** What is longer is an expression, or no index at all. */
const maxLength = 16 * 1024;

/** Types that the server compares as numbers, of which it sorts millions in a second. */
const numberTypes = /^(?:smallint|integer|bigint|oid|boolean|real|double|date|time|timestamp|money|"char")\b/;

/**
 * Estimates the work of an entry of post-data, from its definition and that of its table.
 * @param tableOf the entry of a table, by dump id
 */
export function indexWork(entry: TocEntry, tableOf: (dumpId: number) => TocEntry | undefined): number {
  const { desc, definition, dependencies } = entry;
  if (desc === "FK CONSTRAINT") return work.foreignKey;
  if (definition === null || (desc !== "INDEX" && desc !== "CONSTRAINT")) return work.other;
  if (definition.length > maxLength) return work.text;
  const columns = keyColumns(definition);
  if (columns === undefined) return work.notBtree;
  const table = dependencies.map(tableOf).find((found) => found?.desc === "TABLE");
  const isNumber = (column: readonly string[]): boolean =>
    numberTypes.test(typeOf(column[0] ?? "", table?.definition ?? "") ?? "");
  const { length } = columns;
  return columns.every(isNumber) ? work.numbers + (length - 1) * work.moreNumbers : work.text;
}

/** The words of each key column or expression; undefined for what is no B-tree. */
function keyColumns(definition: string): string[][] | undefined {
  const [, using, list] =
    /^(?:CREATE (?:UNIQUE )?INDEX [^\n]*? USING (\w+)|ALTER TABLE [^\n]*\n +ADD CONSTRAINT [^\n]*?(?:PRIMARY KEY|UNIQUE)(?: NULLS NOT DISTINCT)?) \(([^\n]*)/.exec(
      definition,
    ) ?? [];
  if (list === undefined || (using !== undefined && using !== "btree")) return undefined;
  const columns: string[][] = [[]];
  let depth = 0;
  for (const { text } of sqlPieces(list)) {
    if (text === "(") depth += 1;
    if (text === ")" && --depth < 0) break;
    // The first word of an expression is no name of a column.
    if (text === "," && depth === 0) columns.push([]);
    else columns.at(-1)!.push(text);
  }
  return columns;
}

/** The type of a column as CREATE TABLE writes it, one column a line. */
function typeOf(column: string, table: string): string | undefined {
  const at = table.indexOf(`\n    ${column} `);
  return at < 0 ? undefined : table.slice(at + column.length + 6, at + column.length + 40);
}
