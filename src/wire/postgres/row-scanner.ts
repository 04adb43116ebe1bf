import { BackupError } from "../../core/backup-error.ts";
import type { RowTotals } from "../../core/row-totals.ts";
import type { CopyScannerInstance } from "./copy-scanner-instance.ts";
import { openCopyScanner, readTotals, ScanStatus } from "./copy-scanner-instance.ts";

/** How much is copied to the scanner's memory at a time; stays in the second-level cache. */
const INPUT_SIZE = 256 * 1024;
/** The scanner reads 16 bytes at a time and may look beyond the end. */
const SLACK = 64;
const END_OF_DATA = Buffer.from("\\.\n");

/** What one piece of COPY text held. */
export interface ScannedText {
  /**
   * The bytes of the piece that belong to rows, as views of it; before them perhaps one or two bytes of an earlier piece
   * that were held back because they could have begun the line that ends the data. To be used before the next `push`.
   */
  readonly rows: readonly Uint8Array[];
  /** Set when the line `\.` came: all bytes after that line's line feed. */
  readonly rest?: Uint8Array;
}

/**
 * Counts and checksums the rows of COPY text as archives and scripts hold it, given in pieces cut anywhere, of any size;
 * a row may be larger than memory. Making one costs a memory mapping: use it again for the next table.
 */
export class RowScanner {
  readonly #scanner: CopyScannerInstance = openCopyScanner(INPUT_SIZE + SLACK);
  readonly #input: Uint8Array = new Uint8Array(this.#scanner.memory, this.#scanner.base, INPUT_SIZE);
  #bytes = 0;
  /** How many bytes of `\.` ended the last piece at the start of a row. */
  #held = 0;
  #ended = false;

  constructor() {
    this.reset();
  }

  /** Begins the next table. */
  reset(): void {
    this.#scanner.wasm.reset(0, 0);
    this.#bytes = 0;
    this.#held = 0;
    this.#ended = false;
  }

  /** The line `\.` was seen. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the next piece. Nothing may be pushed after the line `\.` came. */
  push(piece: Uint8Array): ScannedText {
    if (this.#ended) throw new Error("rows after the end of the data");
    const rows: Uint8Array[] = [];
    let rest = piece;
    while (rest.length > 0 && !this.#ended) rest = this.#scan(rest, rows);
    return this.#ended ? { rows, rest } : { rows };
  }

  /** Scans what was held back and as much of `piece` as there is room for; answers what is left of `piece`. */
  #scan(piece: Uint8Array, rows: Uint8Array[]): Uint8Array {
    const { wasm, base } = this.#scanner;
    const held = this.#held;
    const taken = Math.min(INPUT_SIZE - held, piece.length);
    this.#input.set(END_OF_DATA.subarray(0, held));
    this.#input.set(piece.subarray(0, taken), held);
    const status = wasm.scanText(base, base + held + taken);
    const used = wasm.position() - base;
    if (used > 0) {
      // Held bytes hold no line feed, so they are rows together with what follows them, or not at all.
      if (held > 0) rows.push(END_OF_DATA.subarray(0, held));
      rows.push(piece.subarray(0, used - held));
      this.#bytes += used;
    }
    this.#held = status === ScanStatus.undecided ? held + taken - used : 0;
    this.#ended = status === ScanStatus.endOfData;
    return piece.subarray(this.#ended ? used - held + END_OF_DATA.length : taken);
  }

  /**
   * The totals of what was pushed.
   * @throws BackupError DAMAGED when the text ended within a row.
   */
  finish(): RowTotals {
    const { wasm } = this.#scanner;
    if (this.#held > 0 || wasm.isInRow() !== 0) {
      throw new BackupError({
        code: "DAMAGED",
        message: `table data ends within row ${readTotals(wasm, 0).rows + 1}`,
        hint: "the file was cut off or changed; use another copy or an earlier backup",
      });
    }
    return readTotals(wasm, this.#bytes);
  }
}
