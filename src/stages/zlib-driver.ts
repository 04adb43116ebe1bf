import type { Transform } from "node:stream";
import { BackupError } from "../core/backup-error.ts";
import type { CompressionMethod } from "../core/compression.ts";
import { damagedStream } from "./damaged-stream.ts";

/** One of node:zlib's decompressors. `bytesWritten` counts the bytes that it consumed. */
export type Decompressor = Transform & { readonly bytesWritten: number };

/** What node:zlib has for one kind of streams. */
export interface ZlibKind {
  readonly method: CompressionMethod;
  /** Decompresses piece by piece, in the thread pool. */
  open(): Decompressor;
  /** Decompresses all of a stream at once: `inflateSync` and the like. */
  whole(stored: Uint8Array, options: { readonly info: true; readonly maxOutputLength: number }): unknown;
}

/**
 * A stream of up to so many bytes that gives up to so many is decompressed at once, in 20 us. A thread and the machinery of
 * Node's streams take half a millisecond: minutes for a million large objects, each of which is a stream.
 */
const SMALL_STORED = 16 * 1024;
const SMALL_PLAIN = 256 * 1024;

/**
 * Plain bytes of `source`, in pieces. Ends early when the reader does. Bytes that are behind the end of the compressed
 * stream, a stream that is cut, and wrong checksums are DAMAGED; an error of `source` passes as it is.
 */
export async function* driveZlib(kind: ZlibKind, source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  const begun: Uint8Array[] = [];
  try {
    for (let stored = 0; stored <= SMALL_STORED; stored += begun.at(-1)!.length) {
      // Whose memory may be used again for the next piece.
      if (begun.length > 0) begun.push(Buffer.from(begun.pop()!));
      const { value, done } = await pieces.next();
      if (done === true) {
        const plain = decompressWhole(kind, begun);
        if (plain === undefined) break;
        if (plain.length > 0) yield plain;
        return;
      }
      begun.push(value);
    }
    yield* driveStream(kind, chained(begun, pieces));
  } finally {
    await pieces.return?.();
  }
}

/** Undefined when it holds more than a little. */
function decompressWhole(kind: ZlibKind, stored: readonly Uint8Array[]): Buffer | undefined {
  const bytes = stored.length === 1 ? stored[0]! : Buffer.concat(stored);
  try {
    // So says the manual of `info`; the types do not.
    const { buffer, engine } = kind.whole(bytes, { info: true, maxOutputLength: SMALL_PLAIN }) as WholeStream;
    if (engine.bytesWritten !== bytes.length) throw goesOn(kind);
    return buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error instanceof BackupError ? error : damaged(kind, error);
  }
}

interface WholeStream {
  readonly buffer: Buffer;
  readonly engine: Pick<Decompressor, "bytesWritten">;
}

async function* chained(begun: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* begun;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function damaged({ method }: ZlibKind, error: unknown): BackupError {
  const isCut = (error as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
  return damagedStream(method, isCut ? "is cut off" : "is damaged", error);
}

function goesOn({ method }: ZlibKind): BackupError {
  return damagedStream(method, "goes on after its end");
}

async function* driveStream(kind: ZlibKind, source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const decompressor = kind.open();
  const feeding = feed(decompressor, source);
  try {
    yield* decompressor as AsyncIterable<Buffer>;
  } catch (error) {
    const { sourceFailure } = await feeding;
    if (sourceFailure !== undefined) throw sourceFailure.reason;
    throw damaged(kind, error);
  }
  const { fed } = await feeding;
  if (decompressor.bytesWritten !== fed) throw goesOn(kind);
}

interface Fed {
  /** How many bytes. */
  readonly fed: number;
  /** Why there were no more; an error of the decompressor must not pass for one of the source. */
  readonly sourceFailure?: { readonly reason: unknown };
}

/**
 * Gives all of `source` to a decompressor, each piece when the one before was decompressed: until then its memory must
 * not change. (Node's `pipeline` asks for pieces ahead.) Ends when the decompressor fails or is not needed any more, and
 * never rejects.
 */
async function feed(decompressor: Decompressor, source: AsyncIterable<Uint8Array>): Promise<Fed> {
  let fed = 0;
  let written = Promise.withResolvers<void>();
  // Nobody calls back for a piece that waits for its reader when that one leaves.
  decompressor.once("close", () => written.resolve());
  // Told to whoever reads; without a listener it would end the process.
  decompressor.on("error", () => written.resolve());
  const write = (piece: Uint8Array): Promise<void> => {
    written = Promise.withResolvers();
    const { promise, resolve } = written;
    decompressor.write(piece, () => resolve());
    return promise;
  };
  try {
    for await (const piece of source) {
      if (decompressor.destroyed) return { fed };
      fed += piece.length;
      // zlib takes an empty write for a flush.
      if (piece.length > 0) await write(piece);
    }
  } catch (reason) {
    decompressor.destroy(reason as Error);
    return { fed, sourceFailure: { reason } };
  }
  decompressor.end();
  return { fed };
}
