import { BackupError } from "../../../core/backup-error.ts";
import { joinRowTotals, noRows, type RowTotals } from "../../../core/row-totals.ts";
import type { CheckedTable } from "../../../ports/backup-checker.ts";
import { ValuesScanner } from "../../../wire/mysql/values/values-scanner.ts";
import { characterLengths } from "./multi-byte.ts";
import type { LongStatement, ScriptStatement } from "./read-script.ts";
import type { Quoting } from "./script-lexer.ts";
import { valuesAt } from "./values-at.ts";

/** Takes the text of one INSERT, from its first byte on. */
export interface RowsOfStatement {
  push(piece: Uint8Array): void;
  /** @throws BackupError DAMAGED when it ended within a row */
  end(): void;
}

/** Counts and checksums the rows of a script's INSERTs, table by table. */
export class TableTotals {
  readonly #tables = new Map<string, { schema: string; name: string; totals: RowTotals | undefined }>();
  readonly #scanner = new ValuesScanner();
  /** The table whose rows the scanner holds. */
  #open: string | undefined;

  /** The next INSERT; undefined when nobody can know its rows. @param schema empty when the statement says none */
  open(
    schema: string,
    name: string,
    { text, line }: ScriptStatement | LongStatement,
    { noBackslashEscapes, characterSet }: Quoting,
  ): RowsOfStatement | undefined {
    const at = valuesAt(text);
    const key = `${schema}\0${name}`;
    // Rows of a SELECT, or text in which a byte may be half of a character.
    if (at === undefined || characterLengths(characterSet) !== undefined) {
      this.#close();
      this.#tables.set(key, { schema, name, totals: undefined });
      return undefined;
    }
    if (this.#open !== key) {
      this.#close();
      if (!this.#tables.has(key)) this.#tables.set(key, { schema, name, totals: noRows });
      this.#open = key;
    }
    const scanner = this.#scanner;
    scanner.beginStatement();
    let skipped = at;
    return {
      push(piece) {
        const from = Math.min(skipped, piece.length);
        skipped -= from;
        scanner.push(piece.subarray(from), !noBackslashEscapes);
      },
      end() {
        if (scanner.isInRow) throw endsWithinRow(line, name);
      },
    };
  }

  /** Tables by their first INSERT. */
  all(): CheckedTable[] {
    this.#close();
    return [...this.#tables.values()].map(({ schema, name, totals }) => ({
      schema,
      name,
      ...(totals === undefined ? {} : { totals }),
    }));
  }

  /** Takes what the scanner counted for the table before. */
  #close(): void {
    if (this.#open === undefined) return;
    const table = this.#tables.get(this.#open)!;
    const totals = this.#scanner.take();
    if (table.totals !== undefined) table.totals = joinRowTotals([table.totals, totals]);
    this.#open = undefined;
  }
}

function endsWithinRow(line: number, table: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the statement on line ${line} ends within a row of table "${table}"`,
    object: table,
    hint: "use another copy of the backup",
  });
}
