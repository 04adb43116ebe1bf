import type { DirectoryData } from "../../directory/directory-index.ts";

/** Rows of a table, in files. */
export interface LoadedData {
  readonly rows: number;
  readonly bytes: number;
  readonly chunks: readonly { readonly file: string; readonly bytes: number }[];
}

/** A table whose rows come in. */
export interface LoadedTable<Data extends LoadedData = DirectoryData> {
  readonly name: string;
  readonly data: Data;
  /** This restore made it. */
  readonly isMadeHere: boolean;
  /** Statements that follow its rows. */
  readonly indexes: readonly string[];
}

/** What one session does at a time. */
export type LoadJob<Data extends LoadedData = DirectoryData> =
  | ChunkJob<Data>
  | { readonly kind: "indexes"; readonly table: LoadedTable<Data> };

export interface ChunkJob<Data extends LoadedData = DirectoryData> {
  readonly kind: "chunk";
  readonly table: LoadedTable<Data>;
  readonly chunk: Data["chunks"][number];
}

/** Jobs of several sessions. */
export interface JobQueue<Job> {
  /** Nothing is left to begin or to wait for. */
  readonly isDone: boolean;
  /** Nothing begins any more. */
  stop(): void;
  /** The next job, which is under way from now on; undefined when nothing can begin before something changes. */
  begin(): Job | undefined;
  end(job: Job): void;
  /** Called when jobs came, or no more will; absent: all are there from the beginning. */
  onChange?: () => void;
}

interface Waiting<Data extends LoadedData> {
  readonly table: LoadedTable<Data>;
  /** The next chunk. */
  next: number;
  bytesLeft: number;
  running: number;
}

/**
 * Which rows come in beside each other: those of the largest tables first, each table by as many sessions as there are
 * chunks, but rather by one where others wait. The indexes of a table follow its last chunk, as a job of its own.
 */
export class LoadQueue<Data extends LoadedData = DirectoryData> implements JobQueue<LoadJob<Data>> {
  readonly #waiting: Waiting<Data>[];
  readonly #indexes: LoadedTable<Data>[] = [];
  #running = 0;
  #isStopped = false;

  constructor(tables: readonly LoadedTable<Data>[]) {
    this.#waiting = tables
      .map((table) => ({ table, next: 0, bytesLeft: table.data.bytes, running: 0 }))
      .filter(({ table }) => {
        if (table.data.chunks.length > 0) return true;
        if (table.indexes.length > 0) this.#indexes.push(table);
        return false;
      });
  }

  get isDone(): boolean {
    return this.#isStopped || (this.#waiting.length === 0 && this.#indexes.length === 0 && this.#running === 0);
  }

  stop(): void {
    this.#isStopped = true;
  }

  begin(): LoadJob<Data> | undefined {
    if (this.#isStopped) return undefined;
    const rows = this.#largest();
    const [table] = this.#indexes;
    if (table !== undefined && (rows === undefined || table.data.bytes >= rows.bytesLeft)) {
      this.#indexes.shift();
      this.#running += 1;
      return { kind: "indexes", table };
    }
    if (rows === undefined) return undefined;
    const chunk = rows.table.data.chunks[rows.next]!;
    rows.next += 1;
    rows.bytesLeft -= chunk.bytes;
    rows.running += 1;
    this.#running += 1;
    return { kind: "chunk", table: rows.table, chunk };
  }

  end(job: LoadJob<Data>): void {
    this.#running -= 1;
    if (job.kind === "indexes") return;
    const at = this.#waiting.findIndex(({ table }) => table === job.table);
    const rows = this.#waiting[at]!;
    rows.running -= 1;
    if (rows.running > 0 || rows.next < job.table.data.chunks.length) return;
    this.#waiting.splice(at, 1);
    if (job.table.indexes.length > 0) this.#indexes.push(job.table);
  }

  #largest(): Waiting<Data> | undefined {
    let found: Waiting<Data> | undefined;
    for (const one of this.#waiting) {
      if (one.next >= one.table.data.chunks.length) continue;
      if (found === undefined || share(one) > share(found)) found = one;
    }
    return found;
  }
}

/** What is left for each session, with one more. */
function share({ bytesLeft, running }: Pick<Waiting<LoadedData>, "bytesLeft" | "running">): number {
  return bytesLeft / (running + 1);
}
