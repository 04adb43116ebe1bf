import { setTimeout as sleep } from "node:timers/promises";
import { formatRowSum, type RowTotals } from "../../../core/row-totals.ts";
import type { Transport } from "../../net/transport.ts";
import { malformed } from "../packets/packet-reader.ts";
import { openInsertScanner, ScanStatus } from "./insert-scanner-instance.ts";
import type { LiteralKind } from "./literal-kind.ts";
import type { RowPacketsConsumer, RowPacketsStep } from "./row-packets-consumer.ts";

/** Where the socket writes; stays in the second-level cache. */
const INPUT_SIZE = 256 * 1024;
const SLACK = 64;
/** Servers have 4,096 columns in a table at most. */
const MOST_COLUMNS = 4096;
/** What names a table and all its columns: names have 64 characters, of four bytes. */
const HEAD_SIZE = 1536 * 1024;
const BLOCK_SIZE = 2 * 1024 * 1024;
/** One is filled while another is written, and one more evens out their speeds. Untouched memory costs nothing. */
const BLOCKS = 4;
/**
 * What a read becomes at most: a byte of a value two, a NULL of one byte `,NULL`, and heads of statements, unless those are
 * long: then a read takes two blocks.
 */
const MOST_EXPANSION = INPUT_SIZE * 5 + 256 * 1024;
const LONG_HEAD = 16 * 1024;
/** A block is handed over when it holds so much, else the whole of it would be touched, and lie in no cache. */
const HANDED_OVER = 512 * 1024;
/** Compressors like them larger: then a read more is still no more than the MiB that they take at once. */
const LINES_HANDED_OVER = 704 * 1024;
/** After a read over TCP that brought less, the next one waits until more is there: each costs as much as 50 kB of rows. */
const LITTLE = 48 * 1024;
const TIMER_MILLISECONDS = 1;

const more: RowPacketsStep = { kind: "more" };

/** Takes a block; its memory is used again when the promise resolves. Calls overlap: blocks wait for each other in order. */
export type WriteBlock = (block: Buffer) => Promise<void>;

/** Takes lines, which belong into one file after another. */
export interface LinesReceiver {
  /** As {@link WriteBlock}: no line is in two files. */
  write(block: Buffer): Promise<void>;
  /** All lines of a file were given to `write`. */
  cut(totals: RowTotals): void;
}

/** Behind the line that ends there, in the current block, is a cut. */
interface Cut {
  readonly at: number;
  readonly totals: RowTotals;
}

/**
 * Turns the row packets of a result into INSERT statements or lines for LOAD DATA, counts and checksums the rows. The socket writes straight into
 * WebAssembly memory, and no row is gathered: one may be larger than all memory.
 *
 * For each table: `start`, then a connection feeds it ({@link RowPacketsConsumer}), then `finish`. Use one for a connection
 * and not one for a table: making one costs a memory mapping.
 */
export class InsertScanner implements RowPacketsConsumer {
  readonly #scanner = openInsertScanner(MOST_COLUMNS + HEAD_SIZE + INPUT_SIZE + SLACK + BLOCKS * (BLOCK_SIZE + SLACK));
  readonly #kinds: number;
  readonly #head: number;
  readonly #input: Buffer;
  readonly #transport: Transport["kind"];
  readonly #free: Buffer[] = [];
  #current: Buffer | undefined;
  #write: WriteBlock | undefined;
  #cut: LinesReceiver["cut"] = () => {};
  #cuts: Cut[] = [];
  #handedOver = HANDED_OVER;
  #hasLongHead = false;
  #onBytes: (count: number) => void = () => {};
  /** Bytes at the start of the input that were seen and told too little. */
  #carried = 0;
  readonly #writing = new Set<Promise<void>>();
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param transport what the bytes come over; reads of TLS are not delayed: each brings one record */
  constructor(transport: Transport["kind"]) {
    this.#transport = transport;
    const { memory, base } = this.#scanner;
    this.#kinds = base;
    this.#head = base + MOST_COLUMNS;
    const input = this.#head + HEAD_SIZE;
    this.#input = Buffer.from(memory, input, INPUT_SIZE);
    for (let block = 0; block < BLOCKS; block++) {
      this.#free.push(Buffer.from(memory, input + INPUT_SIZE + SLACK + block * (BLOCK_SIZE + SLACK), BLOCK_SIZE));
    }
  }

  /**
   * Begins the rows of a table. Only when all that was written for the one before is done.
   * @param head what each statement begins with, to the line feed behind VALUES
   * @param limit statements of several rows are at most so many bytes long; at least four heads
   * @param onBytes told of what is handed over
   */
  start(
    head: Uint8Array,
    kinds: readonly LiteralKind[],
    limit: number,
    write: WriteBlock,
    onBytes: (count: number) => void,
  ): void {
    if (head.length > HEAD_SIZE || kinds.length > MOST_COLUMNS) throw new Error("more columns than any server has");
    const { wasm, memory } = this.#scanner;
    new Uint8Array(memory, this.#kinds, kinds.length).set(kinds);
    new Uint8Array(memory, this.#head, head.length).set(head);
    wasm.reset(this.#kinds, kinds.length, this.#head, head.length, limit);
    this.#handedOver = HANDED_OVER;
    this.#hasLongHead = head.length > LONG_HEAD;
    this.#begin(write, onBytes);
  }

  /**
   * Begins the rows of a table, or of a part of one, as lines for LOAD DATA ("\t", "\n", "\N", and a backslash before what
   * they mean). `finish` answers the totals of what comes after the last cut.
   * @param kinds only numbers, which need no escapes, are told from others
   * @param limit after a line with which so many bytes are reached, there is a cut
   */
  startLines(
    kinds: readonly LiteralKind[],
    limit: number,
    lines: LinesReceiver,
    onBytes: (count: number) => void,
  ): void {
    if (kinds.length > MOST_COLUMNS) throw new Error("more columns than any server has");
    const { wasm, memory } = this.#scanner;
    new Uint8Array(memory, this.#kinds, kinds.length).set(kinds);
    wasm.resetLines(this.#kinds, kinds.length, BigInt(limit));
    this.#handedOver = LINES_HANDED_OVER;
    this.#hasLongHead = false;
    this.#cut = (totals) => lines.cut(totals);
    this.#begin((block) => lines.write(block), onBytes);
  }

  #begin(write: WriteBlock, onBytes: (count: number) => void): void {
    this.#write = write;
    this.#onBytes = onBytes;
    this.#carried = 0;
    this.#cuts = [];
    this.#fill();
  }

  space(): Uint8Array {
    return this.#input.subarray(this.#carried);
  }

  received(count: number): RowPacketsStep {
    if (this.#failure !== undefined) throw this.#failure;
    const { wasm } = this.#scanner;
    const begin = this.#input.byteOffset;
    const end = begin + this.#carried + count;
    let status = wasm.scan(begin, end);
    while (status === ScanStatus.full || status === ScanStatus.cut) {
      if (status === ScanStatus.cut) {
        this.#noteCut();
      } else {
        this.#handOver();
        this.#fill();
      }
      status = wasm.scan(wasm.position(), end);
    }
    const at = wasm.position() - begin;
    this.#carried = 0;
    if (status === ScanStatus.badRow) throw malformed("a row that has not the columns of its table");
    if (status === ScanStatus.other) return { kind: "other", rest: this.#input.subarray(at, end - begin) };
    if (status === ScanStatus.undecided) {
      this.#input.copyWithin(0, at, end - begin);
      this.#carried = end - begin - at;
    }
    if (this.#filled() >= this.#handedOver && this.#free.length > 0) {
      this.#handOver();
      this.#fill();
    }
    if (!this.#hasRoom()) return { kind: "pause", until: this.#untilRoom() };
    if (this.#transport === "tcp" && count < LITTLE) return { kind: "pause", until: sleep(TIMER_MILLISECONDS) };
    return more;
  }

  /**
   * Ends the table and resolves when all of it is written.
   * @throws BackupError PROTOCOL when the server ended within a row; what writing failed with
   */
  async finish(): Promise<RowTotals> {
    const { wasm } = this.#scanner;
    if (wasm.hasOpenRow() !== 0) throw malformed("the end of a result within a row");
    wasm.endStatement();
    this.#handOver();
    const totals = this.#totals();
    await Promise.all(this.#writing);
    if (this.#failure !== undefined) throw this.#failure;
    return totals;
  }

  #totals(): RowTotals {
    const { wasm } = this.#scanner;
    const low = BigInt.asUintN(64, wasm.checksumLow());
    const high = BigInt.asUintN(64, wasm.checksumHigh());
    return {
      rows: Number(wasm.rowCount()),
      bytes: Number(wasm.byteCount()),
      checksum: formatRowSum((high << 64n) | low),
    };
  }

  #noteCut(): void {
    this.#cuts.push({ at: this.#filled(), totals: this.#totals() });
    this.#scanner.wasm.resetTotals();
  }

  #fill(): void {
    this.#current ??= this.#free.pop();
    if (this.#current === undefined) throw new Error("no block to fill: read only when received() says so");
    const { byteOffset } = this.#current;
    this.#scanner.wasm.setOutput(byteOffset, byteOffset + BLOCK_SIZE - SLACK);
  }

  #filled(): number {
    return this.#current === undefined ? 0 : this.#scanner.wasm.outputPosition() - this.#current.byteOffset;
  }

  #handOver(): void {
    const block = this.#current;
    const filled = this.#filled();
    if (block === undefined || filled === 0) return;
    this.#current = undefined;
    this.#onBytes(filled);
    const written: Promise<void> = this.#writeFilled(block.subarray(0, filled)).then(
      () => this.#giveBack(block, written),
      (error: Error) => {
        this.#failure ??= error;
        this.#giveBack(block, written);
      },
    );
    this.#writing.add(written);
  }

  /** Cuts where it must. Calls all that is to be called at once, so that it stays in order. */
  async #writeFilled(filled: Buffer): Promise<void> {
    const write = this.#write!;
    if (this.#cuts.length === 0) return await write(filled);
    const written: Promise<void>[] = [];
    let from = 0;
    for (const { at, totals } of this.#cuts) {
      if (at > from) written.push(write(filled.subarray(from, at)));
      this.#cut(totals);
      from = at;
    }
    this.#cuts = [];
    if (from < filled.length) written.push(write(filled.subarray(from)));
    // The memory is in use until all are done, also when one fails.
    const results = await Promise.allSettled(written);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #giveBack(block: Buffer, written: Promise<void>): void {
    this.#writing.delete(written);
    this.#free.push(block);
    this.#wake?.();
  }

  /** Whether whatever the next read brings can be taken at once: then nothing ever waits in the input area. */
  #hasRoom(): boolean {
    if (this.#hasLongHead) return this.#free.length > 1;
    const left = this.#current === undefined ? 0 : BLOCK_SIZE - this.#filled();
    return this.#free.length > 0 || left > MOST_EXPANSION;
  }

  async #untilRoom(): Promise<void> {
    while (!this.#hasRoom() && this.#failure === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
