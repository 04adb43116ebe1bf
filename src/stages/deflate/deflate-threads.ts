import { availableParallelism } from "node:os";
import { BufferPool } from "../buffer-pool.ts";
import { DEFLATE_OUTPUT } from "./deflate-module.ts";
import { type DeflatedBlock, DeflateThread } from "./deflate-thread.ts";

/** Threads that have had nothing to do for so long are ended: each holds about 12 MiB. */
const IDLE_MS = 5000;
/** Buffers for pieces that are kept while none is in use: of each, only as much memory is taken as pieces needed. */
const KEPT_PIECES = 8;

/** The threads that deflate, for all streams together. They are started when they are needed first, and one by one. */
export class DeflateThreads {
  readonly #most: number;
  readonly #areas: number;
  readonly #threads = new Set<DeflateThread>();
  readonly #pieces = new BufferPool(DEFLATE_OUTPUT, KEPT_PIECES);
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #idle: NodeJS.Timeout | undefined;

  readonly #idleMs: number;

  /** @param jobs how many blocks may be given at once. No more threads than this, or than there are cores. */
  constructor(jobs: number, idleMs = IDLE_MS) {
    this.#idleMs = idleMs;
    this.#most = Math.min(jobs, availableParallelism());
    this.#areas = Math.ceil(jobs / this.#most);
  }

  /** How many threads there are. */
  get size(): number {
    return this.#threads.size;
  }

  /** {@link DeflateThread.deflate} by the thread with the most room. */
  async deflate(history: Buffer, block: Buffer): Promise<DeflatedBlock> {
    this.#watchIdle();
    const deflated = await this.#mostRoom().deflate(history, block);
    this.#lent.add(deflated.piece.buffer);
    return deflated;
  }

  /** Takes the memory of a piece back, if it is from here; answers whether it is. */
  release(piece: Buffer): boolean {
    const isOurs = this.#lent.delete(piece.buffer);
    if (isOurs) this.#pieces.giveBack(Buffer.from(piece.buffer));
    return isOurs;
  }

  /** Ends all threads; what they work on fails. */
  async end(): Promise<void> {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  /** Another thread is started only when the others have all the work that they take. */
  #mostRoom(): DeflateThread {
    const [most] = [...this.#threads].toSorted((a, b) => b.room - a.room);
    if (most !== undefined && (most.room > 0 || this.#threads.size === this.#most)) return most;
    const thread = new DeflateThread(this.#areas, this.#pieces, (ended) => this.#threads.delete(ended));
    this.#threads.add(thread);
    return thread;
  }

  #watchIdle(): void {
    this.#idle ??= setTimeout(() => void this.#endIdle(), this.#idleMs).unref();
    this.#idle.refresh();
  }

  async #endIdle(): Promise<void> {
    const idle = [...this.#threads].filter((thread) => thread.isIdle);
    for (const thread of idle) this.#threads.delete(thread);
    await Promise.all(idle.map((thread) => thread.end()));
    if (this.#threads.size > 0) this.#watchIdle();
  }
}
