import { type PackedRow, unpackRow } from "../../../wire/postgres/packed-row.ts";
import type { Row } from "./catalog-reader.ts";

/**
 * Rows that are read by the names of their columns, as long as `columns` has of each. An object with a property for each
 * of 20 columns costs more than all else about a row: these have one field, and a class for each query, which keeps the
 * values of the row that was read last. So whoever turns to another row for each value pays for all of its values.
 */
export function namedRows(columns: readonly string[], rows: readonly PackedRow[]): readonly Row[] {
  const values: (string | null)[] = columns.map(() => null);
  let unpacked: NamedRow | undefined;
  class NamedRow {
    readonly #row: PackedRow;

    static {
      for (const [index, name] of columns.entries()) {
        Object.defineProperty(NamedRow.prototype, name, {
          get(this: NamedRow) {
            if (this !== unpacked) NamedRow.#unpack(this);
            return values[index];
          },
        });
      }
    }

    constructor(row: PackedRow) {
      this.#row = row;
    }

    static #unpack(row: NamedRow): void {
      unpackRow(row.#row, values);
      unpacked = row;
    }
  }
  return rows.map((row) => new NamedRow(row) as unknown as Row);
}
