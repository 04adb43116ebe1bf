import { BackupError } from "../../core/backup-error.ts";
import type { CompressionMethod } from "../../core/compression.ts";
import { plainLimits } from "../../core/plain-limits.ts";
import type { Codec } from "../../ports/codec.ts";
import type { RestoreInput } from "../../ports/restore.ts";
import type { OpenedObject } from "../../ports/storage.ts";

/** The plain bytes of an input, and how it begins. */
export interface PlainInput {
  /** The first plain bytes: {@link sniffedBytes} of them, or all. */
  readonly head: Buffer;
  /** Compression around the whole. */
  readonly compression: CompressionMethod;
  /**
   * Plain bytes from the start. A stored object can be read again and again, a stream once. A piece is valid until the
   * next one is asked for.
   */
  readonly read: () => AsyncIterable<Uint8Array>;
  /** The stored file itself, when it is not compressed and can be read at any position. */
  readonly object: OpenedObject | undefined;
  readonly canReadAgain: boolean;
}

const sniffedBytes = 4096;
const readBytes = 256 * 1024;

const magics: readonly { readonly method: CompressionMethod; readonly bytes: readonly number[] }[] = [
  { method: "gzip", bytes: [0x1f, 0x8b] },
  { method: "zstd", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { method: "lz4", bytes: [0x04, 0x22, 0x4d, 0x18] },
];

/** Sees through compression, by the first bytes; never by a name. */
export async function openPlainInput(
  input: Exclude<RestoreInput, { kind: "folder" }>,
  codec: Codec,
  maxPlainBytes: number | undefined,
): Promise<PlainInput> {
  const object = input.kind === "object" ? input.object : undefined;
  const stored = input.kind === "object" ? () => objectBytes(input.object, false) : () => input.stream;
  const start = await firstBytes(stored, object !== undefined);
  const compression = magics.find(({ bytes }) => bytes.every((byte, index) => start.bytes[index] === byte))?.method;
  if (compression === undefined) {
    return {
      head: start.bytes,
      compression: "none",
      // What reads an uncompressed object copies each piece at once.
      read: object === undefined ? start.read : () => objectBytes(object, true),
      object,
      canReadAgain: object !== undefined,
    };
  }
  const plain = (): AsyncIterable<Uint8Array> => decompressed(start.read(), compression, codec, maxPlainBytes);
  const inner = await firstBytes(plain, object !== undefined);
  return {
    head: inner.bytes,
    compression,
    read: inner.read,
    object: undefined,
    canReadAgain: object !== undefined,
  };
}

/** Looks at the first bytes; `read` gives all bytes, those included. */
async function firstBytes(
  open: () => AsyncIterable<Uint8Array>,
  canReadAgain: boolean,
): Promise<{ readonly bytes: Buffer; readonly read: () => AsyncIterable<Uint8Array> }> {
  const iterator = open()[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let length = 0;
  while (length < sniffedBytes) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    seen.push(Uint8Array.from(value));
    length += value.length;
  }
  const bytes = Buffer.concat(seen).subarray(0, sniffedBytes);
  if (canReadAgain) {
    await iterator.return?.();
    return { bytes, read: open };
  }
  return { bytes, read: () => joined(seen, iterator) };
}

async function* joined(seen: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = seen.shift(); piece !== undefined; piece = seen.shift()) yield piece;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** @param reuse a piece is valid until the next one is asked for; else for ever. */
async function* objectBytes(object: OpenedObject, reuse: boolean): AsyncGenerator<Uint8Array> {
  const memory = Buffer.allocUnsafe(reuse ? readBytes : 0);
  for (let position = 0; position < object.size; ) {
    const target = reuse ? memory : Buffer.allocUnsafe(Math.min(readBytes, object.size - position));
    const count = await object.readAt(position, target);
    if (count === 0) return;
    yield target.subarray(0, count);
    position += count;
  }
}

async function* decompressed(
  stored: AsyncIterable<Uint8Array>,
  method: CompressionMethod,
  codec: Codec,
  maxPlainBytes: number | undefined,
): AsyncGenerator<Uint8Array> {
  let storedBytes = 0;
  let plainBytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of stored) {
      storedBytes += piece.length;
      yield piece;
    }
  };
  const limits = maxPlainBytes === undefined ? {} : { maxPlainBytes };
  const { unquestionedPlainBytes, deflateRatio, plainRatio } = plainLimits;
  const ratio = method === "gzip" ? deflateRatio : plainRatio;
  for await (const piece of codec.decompress(method, "gzip", counted(), limits)) {
    plainBytes += piece.length;
    if (maxPlainBytes === undefined && plainBytes > unquestionedPlainBytes && plainBytes > storedBytes * ratio) {
      throw new BackupError({
        code: "DAMAGED",
        message: `the compressed file gives more than ${ratio} times its size`,
        hint: "if you trust it, give the size it may have with --max-plain-size",
      });
    }
    yield piece;
  }
}
