import type { CompressionMethod } from "../../../core/compression.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { OpenedObject } from "../../../ports/storage.ts";

const pieceBytes = 256 * 1024;

const magics: readonly (readonly [CompressionMethod, string])[] = [
  ["gzip", "1f8b"],
  ["zstd", "28b52ffd"],
  ["lz4", "04224d18"],
];

/** How a whole file is compressed, by its first bytes. */
export async function compressionOf(object: OpenedObject): Promise<CompressionMethod> {
  const head = Buffer.alloc(4);
  const read = await object.readAt(0, head);
  const text = head.subarray(0, read).toString("hex");
  return magics.find(([, magic]) => text.startsWith(magic))?.[0] ?? "none";
}

/** The plain bytes of a script. */
export async function* scriptBytes(object: OpenedObject, codec: Codec): AsyncIterable<Uint8Array> {
  yield* codec.decompress(await compressionOf(object), "gzip", pieces(object), { passing: false });
}

async function* pieces(object: OpenedObject): AsyncIterable<Uint8Array> {
  for (let at = 0; at < object.size; ) {
    const piece = Buffer.allocUnsafe(pieceBytes);
    const count = await object.readAt(at, piece);
    if (count === 0) return;
    yield piece.subarray(0, count);
    at += count;
  }
}
