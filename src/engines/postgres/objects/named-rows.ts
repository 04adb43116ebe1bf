import type { Row } from "./catalog-reader.ts";

type Values = readonly (string | null)[];

/**
 * Rows that are read by the names of their columns. A class for each query, whose rows are one field over the values that
 * the connection made anyway: an object with a property for each of 20 columns costs more than all else about a row.
 */
export function namedRows(columns: readonly string[], rows: readonly Values[]): readonly Row[] {
  class NamedRow {
    static {
      for (const [index, name] of columns.entries()) {
        Object.defineProperty(NamedRow.prototype, name, {
          get(this: NamedRow) {
            return this.#values[index];
          },
        });
      }
    }

    readonly #values: Values;

    constructor(values: Values) {
      this.#values = values;
    }
  }
  return rows.map((values) => new NamedRow(values) as unknown as Row);
}
