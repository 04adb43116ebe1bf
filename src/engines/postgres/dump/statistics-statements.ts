import type { Row } from "../objects/catalog-reader.ts";
import type { StatisticsData } from "../objects/statistics-data.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";

/** Columns of pg_stats that are restored, with the types that `pg_restore_attribute_stats` takes them in. */
export const attributeStatistics = [
  ["inherited", "boolean"],
  ["null_frac", "real"],
  ["avg_width", "integer"],
  ["n_distinct", "real"],
  ["most_common_vals", "text"],
  ["most_common_freqs", "real[]"],
  ["histogram_bounds", "text"],
  ["correlation", "real"],
  ["most_common_elems", "text"],
  ["most_common_elem_freqs", "real[]"],
  ["elem_count_histogram", "real[]"],
  ["range_length_histogram", "text"],
  ["range_empty_frac", "real"],
  ["range_bounds_histogram", "text"],
] as const;

/**
 * Calls that restore the statistics of one relation, as pg_dump 18 writes them.
 * @param version of the server that they come from: `server_version_num`
 * @param rows of pg_stats about it
 */
export function statisticsStatements(statistics: StatisticsData, version: number, rows: readonly Row[]): string {
  const { pages, tuples, allVisible, allFrozen } = statistics.size;
  const relation = call("pg_restore_relation_stats", [
    ...subject(statistics, version),
    argument("relpages", pages, "integer"),
    argument("reltuples", tuples, "real"),
    argument("relallvisible", allVisible, "integer"),
    ...(allFrozen === null ? [] : [argument("relallfrozen", allFrozen, "integer")]),
  ]);
  const columns = rows.map((row) =>
    call("pg_restore_attribute_stats", [
      ...subject(statistics, version),
      column(statistics, row.attname!),
      ...attributeStatistics.flatMap(([name, type]) => {
        const value = row[name] ?? null;
        return value === null ? [] : [argument(name, value, type)];
      }),
    ]),
  );
  return [relation, ...columns].join("");
}

function subject({ schema, name }: StatisticsData, version: number): string[] {
  return [argument("version", `${version}`, "integer"), argument("schemaname", schema), argument("relname", name)];
}

function column({ indexColumns, schema, name }: StatisticsData, attribute: string): string {
  if (indexColumns.length === 0) return argument("attname", attribute);
  const number = indexColumns.indexOf(attribute) + 1;
  if (number === 0) throw new Error(`index "${schema}.${name}" has no column "${attribute}"`);
  return argument("attnum", `${number}`, "smallint");
}

function argument(name: string, value: string, type?: string): string {
  return `\t'${name}', ${quoteConformingLiteral(value)}${type === undefined ? "" : `::${type}`}`;
}

function call(name: string, args: readonly string[]): string {
  return `SELECT * FROM pg_catalog.${name}(\n${args.join(",\n")}\n);\n`;
}
