import type { Transform } from "node:stream";
import { pipeline, Readable } from "node:stream";
import type { CompressionMethod } from "../core/compression.ts";
import { damagedStream } from "./damaged-stream.ts";

/** One of node:zlib's decompressors. `bytesWritten` counts the bytes that it consumed. */
export type Decompressor = Transform & { readonly bytesWritten: number };

/**
 * Pieces that `decompressor` makes of `source`. Ends early when the reader does. Bytes that it did not consume because its
 * stream ended before them, a stream that is cut, and wrong checksums are DAMAGED; an error of `source` passes as it is.
 */
export async function* driveZlib(
  method: CompressionMethod,
  decompressor: Decompressor,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  let fed = 0;
  let sourceFailure: { readonly reason: unknown } | undefined;
  const pieces = source[Symbol.asyncIterator]();
  const nextPiece = () =>
    pieces.next().catch((reason: unknown) => {
      sourceFailure = { reason };
      throw reason;
    });
  // Not "for await": an error of the decompressor is thrown into this generator, and must not pass for one of the source.
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for (let piece = await nextPiece(); piece.done !== true; piece = await nextPiece()) {
        fed += piece.value.length;
        // zlib takes an empty write for a flush.
        if (piece.value.length > 0) yield piece.value;
      }
    } finally {
      await pieces.return?.();
    }
  }
  // The callback only keeps the error from being thrown twice: reading from the decompressor fails with it.
  const { promise: sourceDone, resolve } = Promise.withResolvers<void>();
  pipeline(Readable.from(counted(), { objectMode: true }), decompressor, () => resolve());
  try {
    yield* decompressor as AsyncIterable<Buffer>;
  } catch (error) {
    if (sourceFailure !== undefined) throw sourceFailure.reason;
    const cut = (error as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
    throw damagedStream(method, cut ? "is cut off" : "is damaged", error);
  }
  await sourceDone;
  if (decompressor.bytesWritten !== fed) throw damagedStream(method, "goes on after its end");
}
