import { monotonic } from "../../../../core/monotonic.ts";
import type { ProgressSink } from "../../../../ports/progress.ts";
import type { LoadedData, LoadedTable } from "./load-queue.ts";

const intervalMs = 100;

/** Sums over all sessions, told now and then; a table begins with its first chunk and ends with its last. */
export class DirectoryProgress {
  readonly #sink: ProgressSink;
  readonly #begun = new Map<LoadedTable<LoadedData>, { left: number; rows: number }>();
  bytes = 0;
  rows = 0;
  objects = 0;
  /** Objects that earlier runs made or filled. */
  before = 0;
  #told = 0;

  constructor(sink: ProgressSink) {
    this.#sink = sink;
  }

  phase(phase: string, message: string): void {
    this.#sink.emit({ event: "phase", phase, message });
  }

  /** @param objects how many there are to make and to load */
  begin(tables: readonly LoadedTable<LoadedData>[], objects: number): void {
    // How many rows there are is not always known.
    const sum = (of: "rows" | "bytes"): number => tables.reduce((all, { data }) => all + Math.max(0, data[of]), 0);
    this.#sink.emit({ event: "estimate", bytes: sum("bytes"), rows: sum("rows"), objects });
  }

  /** An object was made, or its rows are all there. */
  made(): void {
    this.objects += 1;
    this.#tell();
  }

  beginChunk(table: LoadedTable<LoadedData>): void {
    if (this.#begun.has(table)) return;
    this.#begun.set(table, { left: table.data.chunks.length, rows: 0 });
    this.#sink.emit({ event: "object-start", object: table.name });
  }

  sent(bytes: number): void {
    this.bytes += bytes;
    this.#tell();
  }

  endChunk(table: LoadedTable<LoadedData>, rows: number): void {
    this.rows += rows;
    const begun = this.#begun.get(table)!;
    begun.left -= 1;
    begun.rows += rows;
    if (begun.left > 0) return;
    const { data, name } = table;
    this.#sink.emit({ event: "object-end", object: name, rows: begun.rows, bytes: data.bytes });
    this.made();
  }

  end(): void {
    this.#told = 0;
    this.#tell();
  }

  #tell(): void {
    if (monotonic() - this.#told < intervalMs) return;
    this.#told = monotonic();
    this.#sink.emit({ event: "progress", bytes: this.bytes, rows: this.rows, objects: this.objects });
  }
}
