import { type PackedRow, PackedValues } from "../../../wire/postgres/packed-row.ts";
import type { Row } from "./catalog-reader.ts";

/**
 * Rows that are read by the names of their columns. A class for each query, whose rows have only a field over what the
 * server sent: an object with a property for each of 20 columns costs more than all else about a row.
 */
export function namedRows(columns: readonly string[], rows: readonly PackedRow[]): readonly Row[] {
  class NamedRow extends PackedValues {
    static {
      for (const [index, name] of columns.entries()) {
        Object.defineProperty(NamedRow.prototype, name, {
          get(this: NamedRow) {
            return this.value(index);
          },
        });
      }
    }
  }
  return rows.map((row) => new NamedRow(row) as unknown as Row);
}
