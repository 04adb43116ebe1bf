import type { OpenedObject } from "../../src/ports/storage.ts";

/** Bytes as an opened object of a repository. */
export function memoryObject(bytes: Uint8Array): OpenedObject {
  return {
    key: "memory",
    size: bytes.length,
    async readAt(position, target) {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
    close: async () => undefined,
  };
}

/** Bytes as a stream that is cut into pieces of `pieceBytes`. */
export async function* memoryStream(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** A sink that keeps what it gets, copied: the writer may use its memory again. */
export function memorySink() {
  const pieces: Buffer[] = [];
  return {
    sink: { write: async (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) },
    bytes: () => Buffer.concat(pieces),
    text: () => Buffer.concat(pieces).toString("latin1"),
  };
}
