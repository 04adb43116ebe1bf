import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../../core/backup-error.ts";
import type { RowTotals } from "../../core/row-totals.ts";
import type { Transport } from "../net/transport.ts";
import type { ColumnKind } from "./column-kind.ts";
import type { CopyOutConsumer, CopyOutStep } from "./copy-out-consumer.ts";
import type { CopyScannerInstance } from "./copy-scanner-instance.ts";
import { openCopyScanner, readTotals, ScanStatus } from "./copy-scanner-instance.ts";

/** Where the socket writes. Larger reads were not faster, and this stays in the second-level cache. */
const INPUT_SIZE = 256 * 1024;
/** The scanner moves 16 bytes at a time, 32 of binary rows, and may write beyond the end of a block. */
const SLACK = 64;
/**
 * The server bounds a message by its largest allocation, 1 GiB less a byte. A length above it is not a row but a stream
 * out of step.
 */
const MAX_MESSAGE_LENGTH = 2 ** 30;
/** Text has at most so many bytes for each of a binary row: `bytea`, and text of line feeds only. */
const MOST_EXPANSION = 2;
/**
 * A server sends 8 KiB at a time, and each read costs as much as hashing what it brought: 55,000 of them for 450 MB. So
 * after a read that brought little we wait until more is there. Over TCP, where the kernel buffers megabytes, by a timer:
 * 2,500 reads, and 0.75 of psql's time. A Unix socket holds 208 KiB, which are full before a timer fires (half as much
 * time again), so there the thread naps for a moment: 10,000 reads, 1.7 s instead of 2.9, with half the CPU time.
 */
const LITTLE = 48 * 1024;
const TIMER_MILLISECONDS = 1;
const NAP_MILLISECONDS = 0.2;
const napping = new Int32Array(new SharedArrayBuffer(4));

const more: CopyOutStep = { kind: "more" };

/** Blocks of one scanner, the one being filled included. Memory is touched only as far as the receiver lags behind. */
export interface ScannerMemory {
  readonly blocks: number;
  /** Size of the blocks that are handed over, at least 256 KiB. Compressors like 1 MiB best. */
  readonly blockSize: number;
}

export interface CopyOutScannerOptions {
  /** What the bytes come over. Reads of TLS are not delayed: each brings one record, however many wait. */
  readonly transport: Transport["kind"];
  readonly memory: ScannerMemory;
  /** Told of all bytes that come; what it answers is waited for before more are read. */
  readonly pace?: (bytes: number) => Promise<void> | undefined;
}

/** Who gets the rows of one COPY, in blocks. */
export interface BlockReceiver {
  /**
   * Takes the next block, which belongs to the receiver until `recycle` gives it back. Whoever cannot use it yet keeps it:
   * copying waits when all blocks are out. When this throws, copying fails with that error.
   */
  push(block: Buffer): void;
  /** Whether nothing that was pushed waits to be worked on. */
  readonly isIdle: boolean;
}

/**
 * Takes the rows of COPY ... TO STDOUT out of their messages, turns those of binary format into text, counts and checksums them, and hands them
 * over in blocks. The socket writes straight into WebAssembly memory, the payload is moved once, and nothing is gathered:
 * a row may be larger than all memory.
 *
 * For each COPY: wait for `ready`, then `start`, then the connection feeds it as a {@link CopyOutConsumer}, then `finish`.
 * Use one for a connection and not one for a table: making one costs a memory mapping.
 */
export class CopyOutScanner implements CopyOutConsumer {
  readonly #scanner: CopyScannerInstance;
  readonly #input: Uint8Array;
  readonly #blocks: readonly Buffer[];
  readonly #blockSize: number;
  readonly #transport: Transport["kind"];
  readonly #pace: (bytes: number) => Promise<void> | undefined;
  /** The last one that came back is used first, while it is in the cache. */
  readonly #free: Buffer[];
  #current: Buffer | undefined;
  #receiver: BlockReceiver | undefined;
  #bytesBeforeCurrent = 0;
  #wake: (() => void) | undefined;

  constructor(options: CopyOutScannerOptions) {
    const { blocks, blockSize } = options.memory;
    this.#transport = options.transport;
    this.#pace = options.pace ?? (() => undefined);
    this.#blockSize = blockSize;
    const stride = blockSize + SLACK;
    this.#scanner = openCopyScanner(INPUT_SIZE + SLACK + blocks * stride);
    const { memory, base } = this.#scanner;
    this.#input = new Uint8Array(memory, base, INPUT_SIZE);
    const firstBlock = base + INPUT_SIZE + SLACK;
    this.#blocks = Array.from({ length: blocks }, (_, index) =>
      Buffer.from(memory, firstBlock + index * stride, blockSize),
    );
    this.#free = [...this.#blocks];
  }

  /** Resolves when there is room for what the next COPY brings. Whoever keeps all blocks for ever waits for ever. */
  async ready(): Promise<void> {
    while (!this.#hasRoom()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /**
   * Begins a COPY, whose blocks go to `receiver`. Only when it is `ready`.
   * @param columns how the columns come when the COPY is in binary format; the blocks hold text all the same
   */
  start(receiver: BlockReceiver, columns: readonly ColumnKind[] = []): void {
    this.#receiver = receiver;
    this.#bytesBeforeCurrent = 0;
    const { wasm, memory } = this.#scanner;
    new Uint8Array(memory, wasm.columnKinds(), columns.length).set(columns);
    wasm.reset(MAX_MESSAGE_LENGTH, columns.length);
    this.#fill(this.#current ?? this.#free.pop());
  }

  space(): Uint8Array {
    return this.#input;
  }

  received(count: number): CopyOutStep {
    const { wasm, base } = this.#scanner;
    const receiver = this.#started();
    const pause = this.#pace(count);
    const end = base + count;
    let status = wasm.scanMessages(base, end);
    while (status === ScanStatus.full) {
      this.#handOver(this.#blockSize);
      this.#fill(this.#free.pop());
      status = wasm.scanMessages(wasm.position(), end);
    }
    if (status === ScanStatus.badLength) throw badLength(wasm.badLength());
    if (status === ScanStatus.badRow) throw badRow();
    if (status === ScanStatus.longRow) throw longRow();
    if (status === ScanStatus.other)
      return { kind: "other", rest: this.#input.subarray(wasm.position() - base, count) };
    if (!this.#hasRoom()) return { kind: "pause", until: pause === undefined ? this.ready() : this.#readyAfter(pause) };
    if (pause !== undefined) return { kind: "pause", until: pause };
    return count < LITTLE ? this.#waitForMore(receiver) : more;
  }

  async #readyAfter(pause: Promise<void>): Promise<void> {
    await pause;
    await this.ready();
  }

  #waitForMore(receiver: BlockReceiver): CopyOutStep {
    if (this.#transport === "tcp") return { kind: "pause", until: sleep(TIMER_MILLISECONDS) };
    // A nap must not keep the receiver from its work.
    if (this.#transport === "unix" && receiver.isIdle) Atomics.wait(napping, 0, 0, NAP_MILLISECONDS);
    return more;
  }

  /** Gives a block back; it may have been shortened at its end. Memory that is not ours is left alone. */
  recycle(block: Buffer): void {
    if (block.buffer !== this.#scanner.memory) return;
    const whole = this.#blocks.find((one) => one.byteOffset === block.byteOffset && one.buffer === block.buffer);
    if (whole === undefined || whole === this.#current || this.#free.includes(whole)) {
      throw new Error("not a block that was handed over");
    }
    this.#free.push(whole);
    this.#wake?.();
  }

  /**
   * Ends the COPY and hands over its last block.
   * @throws BackupError PROTOCOL when the server ended within a row.
   */
  finish(): RowTotals {
    const { wasm } = this.#scanner;
    if (wasm.isInMessage() !== 0 || wasm.isInRow() !== 0) {
      throw new BackupError({
        code: "PROTOCOL",
        message: "the server ended the copy within a row",
        hint: "run the backup again; if it happens again, look into the server's log",
        retry: "maybe",
      });
    }
    const filled = this.#filled();
    const totals = readTotals(wasm, this.#bytesBeforeCurrent + filled);
    if (filled > 0) this.#handOver(filled);
    return totals;
  }

  #started(): BlockReceiver {
    if (this.#receiver === undefined) throw new Error("the scanner was not started");
    return this.#receiver;
  }

  #fill(block: Buffer | undefined): void {
    if (block === undefined) throw new Error("no block to fill: read only when received() or ready() say so");
    this.#current = block;
    this.#scanner.wasm.setOutput(block.byteOffset, block.byteOffset + this.#blockSize);
  }

  #filled(): number {
    return this.#current === undefined ? 0 : this.#scanner.wasm.outputPosition() - this.#current.byteOffset;
  }

  #handOver(length: number): void {
    if (this.#current === undefined) return;
    const block = this.#current.subarray(0, length);
    this.#current = undefined;
    this.#bytesBeforeCurrent += length;
    this.#started().push(block);
  }

  /** Whether whatever the next read brings can be moved away at once: then nothing ever waits in the input area. */
  #hasRoom(): boolean {
    const left = this.#current === undefined ? 0 : this.#blockSize - this.#filled();
    return left + this.#free.length * this.#blockSize > INPUT_SIZE * MOST_EXPANSION + SLACK;
  }
}

function badRow(): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: "the server's binary rows are not what its catalogue says of their columns",
    hint: "run the backup again; if it happens again, please report it with the definition of the table",
    retry: "maybe",
  });
}

function longRow(): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: "a row is longer than 1 GiB as text, so no server could load it again",
    hint: "leave the table out with --exclude-table-data, or store that row in pieces",
  });
}
function badLength(length: number): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: `the server sent a copy message with the impossible length "${length >>> 0}"`,
    hint: "the connection is damaged, or the other side is not a PostgreSQL server; check what is between",
    retry: "maybe",
  });
}
