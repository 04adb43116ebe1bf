import type { BackupFiles } from "../../src/ports/backup-files.ts";
import type { Spool } from "../../src/ports/spool.ts";
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

/** Files of a folder by their names. */
export function memoryFiles(files: ReadonlyMap<string, Uint8Array>): BackupFiles {
  return {
    sizes: new Map([...files].map(([name, bytes]) => [name, bytes.length])),
    open: async (name) => memoryObject(files.get(name)!),
  };
}

/** A spool that keeps everything in memory. */
export function memorySpool(): Spool {
  const pieces: Buffer[] = [];
  return {
    get size() {
      return pieces.reduce((sum, { length }) => sum + length, 0);
    },
    write: async (bytes) => void pieces.push(Buffer.from(bytes)),
    async *drain() {
      yield* pieces.splice(0);
    },
    close: async () => undefined,
  };
}
