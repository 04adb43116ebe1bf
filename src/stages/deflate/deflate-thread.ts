import { Worker } from "node:worker_threads";
import { BackupError } from "../../core/backup-error.ts";
import type { BufferPool } from "../buffer-pool.ts";
import type { DeflateAnswer, DeflateOrder, DeflateStart } from "./deflate-messages.ts";
import { deflateArea, deflateMemory, deflateModule } from "./deflate-module.ts";

/** A block as a piece of a raw deflate stream that ends at a byte border. */
export interface DeflatedBlock {
  /** In a buffer of the pool. */
  readonly piece: Buffer;
  /** Adler-32 of the block alone. */
  readonly adler32: number;
}

interface Job {
  readonly area: number;
  readonly resolve: (block: DeflatedBlock) => void;
  readonly reject: (reason: unknown) => void;
}

/** The heap of a thread holds next to nothing: small limits keep its collector from letting it grow. */
const HEAP_LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 };

/**
 * One thread that deflates, and the memory that it shares with us: blocks are copied in here and pieces copied out, so
 * that an area is free for the next block however long its piece must wait. Keeps the process alive only while it works.
 */
export class DeflateThread {
  readonly #worker: Worker;
  readonly #memory: Buffer;
  readonly #free: number[];
  readonly #pieces: BufferPool;
  readonly #jobs = new Map<number, Job>();
  #failure: BackupError | undefined;

  /**
   * @param areas how many jobs it may have at once; the second is copied in while the first is worked on.
   * @param pieces buffers of DEFLATE_OUTPUT for what it gives.
   */
  constructor(areas: number, pieces: BufferPool, onEnd: (thread: DeflateThread) => void) {
    this.#pieces = pieces;
    const memory = deflateMemory(areas);
    this.#memory = Buffer.from(memory.buffer);
    this.#free = Array.from({ length: areas }, (_, area) => area);
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "mjs";
    this.#worker = new Worker(new URL(`./deflate-worker.${extension}`, import.meta.url), {
      workerData: { module: deflateModule(), memory } satisfies DeflateStart,
      name: "deflate",
      // Nothing of ours is for it: no passwords of the environment, no flags of the command line.
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: HEAP_LIMITS,
    });
    this.#worker.unref();
    this.#worker.on("message", (answer: DeflateAnswer) => this.#finish(answer));
    this.#worker.on("error", (cause) => this.#fail(cause));
    this.#worker.on("exit", () => {
      this.#fail();
      onEnd(this);
    });
  }

  /** How many more jobs it takes. */
  get room(): number {
    return this.#free.length;
  }

  get isIdle(): boolean {
    return this.#jobs.size === 0;
  }

  /**
   * Deflates `block`, at most 1 MiB, after `history`, the last 32 KiB of the stream or what there is. Both are copied
   * before this returns.
   * @throws BackupError THREAD_LOST when the thread ends first.
   */
  deflate(history: Buffer, block: Buffer): Promise<DeflatedBlock> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const area = this.#free.pop();
    if (area === undefined) throw new Error("a thread has more jobs than areas");
    const { input } = deflateArea(area);
    history.copy(this.#memory, input - history.length);
    block.copy(this.#memory, input);
    if (this.isIdle) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#jobs.set(area, { area, resolve, reject });
      this.#worker.postMessage({ area, history: history.length, length: block.length } satisfies DeflateOrder);
    });
  }

  /** Ends the thread; what it works on fails. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #finish({ area, size, checksum }: DeflateAnswer): void {
    const { output } = deflateArea(area);
    const piece = this.#pieces.take().subarray(0, size);
    this.#memory.copy(piece, 0, output, output + size);
    const job = this.#jobs.get(area)!;
    this.#jobs.delete(area);
    this.#free.push(area);
    if (this.isIdle) this.#worker.unref();
    job.resolve({ piece, adler32: checksum });
  }

  #fail(cause?: unknown): void {
    this.#failure ??= new BackupError({
      code: "THREAD_LOST",
      message: "a thread that compresses has ended",
      hint: "most likely there was not enough memory: free some, or use --compression gzip:3, which needs no such threads",
      ...(cause === undefined ? {} : { cause }),
    });
    for (const job of this.#jobs.values()) job.reject(this.#failure);
    this.#jobs.clear();
  }
}
