import type { ChunkJob, JobQueue, LoadedTable, LoadJob } from "../directory/load-queue.ts";

/** How far a table is. */
interface Growing {
  /** Files that are not loaded yet, as far as is known. */
  left: number;
  /** No more come. */
  isWhole: boolean;
}

/** Files of rows that are loaded as they come, each table's indexes behind its last one. */
export class FollowQueue implements JobQueue<LoadJob> {
  onChange?: () => void;
  readonly #chunks: ChunkJob[] = [];
  readonly #indexes: LoadedTable[] = [];
  readonly #tables = new Map<LoadedTable, Growing>();
  #running = 0;
  #isClosed = false;
  #isStopped = false;

  addTable(table: LoadedTable): void {
    this.#tables.set(table, { left: 0, isWhole: false });
  }

  /** @param job of a table that was added */
  addChunk(job: ChunkJob): void {
    this.#tables.get(job.table)!.left += 1;
    this.#chunks.push(job);
    this.onChange?.();
  }

  /** All files of a table were added. */
  endTable(table: LoadedTable): void {
    const growing = this.#tables.get(table)!;
    if (growing.isWhole) return;
    growing.isWhole = true;
    this.#indexIfWhole(table);
    this.onChange?.();
  }

  /** Nothing more comes. */
  close(): void {
    for (const table of this.#tables.keys()) this.endTable(table);
    this.#isClosed = true;
    this.onChange?.();
  }

  get isDone(): boolean {
    const isEmpty = this.#chunks.length === 0 && this.#indexes.length === 0 && this.#running === 0;
    return this.#isStopped || (this.#isClosed && isEmpty);
  }

  stop(): void {
    this.#isStopped = true;
    this.onChange?.();
  }

  begin(): LoadJob | undefined {
    if (this.#isStopped) return undefined;
    const table = this.#indexes.shift();
    const job = table === undefined ? this.#chunks.shift() : { kind: "indexes" as const, table };
    if (job !== undefined) this.#running += 1;
    return job;
  }

  end(job: LoadJob): void {
    this.#running -= 1;
    if (job.kind === "indexes") return;
    this.#tables.get(job.table)!.left -= 1;
    this.#indexIfWhole(job.table);
  }

  #indexIfWhole(table: LoadedTable): void {
    const { left, isWhole } = this.#tables.get(table)!;
    if (left === 0 && isWhole && table.indexes.length > 0) this.#indexes.push(table);
  }
}
