import type { ProgressSink } from "../../../../ports/progress.ts";
import { DirectoryProgress } from "../directory/directory-progress.ts";
import type { LoadedData, LoadedTable } from "../directory/load-queue.ts";

/** The same of tables whose files are not all known: they have ended when somebody says so. */
export class FollowProgress extends DirectoryProgress {
  readonly #events: ProgressSink;
  readonly #rows = new Map<LoadedTable<LoadedData>, number>();

  constructor(sink: ProgressSink) {
    super(sink);
    this.#events = sink;
  }

  override beginChunk(table: LoadedTable<LoadedData>): void {
    if (this.#rows.has(table)) return;
    this.#rows.set(table, 0);
    this.#events.emit({ event: "object-start", object: table.name });
  }

  override endChunk(table: LoadedTable<LoadedData>, rows: number): void {
    this.rows += rows;
    this.#rows.set(table, this.#rows.get(table)! + rows);
    // It may be a while before there is more to tell.
    this.end();
  }

  /** @param bytes of all of its rows */
  endTable(table: LoadedTable<LoadedData>, bytes: number): void {
    const rows = this.#rows.get(table);
    if (rows !== undefined) this.#events.emit({ event: "object-end", object: table.name, rows, bytes });
    this.made();
  }
}
