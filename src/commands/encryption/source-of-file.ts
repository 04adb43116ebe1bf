import { BackupError } from "../../core/backup-error.ts";
import type { LocateFile, NamedFile } from "../../ports/named-file.ts";
import type { OpenedObject } from "../../ports/storage.ts";

/** What is read at once. */
const PIECE_BYTES = 256 * 1024;

/** @throws BackupError NOT_FOUND, IO, USAGE for a folder */
export async function openNamedFile(path: string, locateFile: LocateFile): Promise<OpenedObject> {
  return await (await findNamedFile(path, locateFile)).open();
}

/** @throws BackupError NOT_FOUND, IO, USAGE for a folder */
export async function findNamedFile(path: string, locateFile: LocateFile): Promise<NamedFile> {
  const found = await locateFile(path);
  if (found === undefined) {
    throw new BackupError({ code: "NOT_FOUND", message: `there is no file "${path}"`, object: path });
  }
  if (found.kind === "folder") {
    throw new BackupError({ code: "USAGE", message: `"${path}" is a folder, and one file is wanted`, object: path });
  }
  return found;
}

/** The bytes of an object from its beginning. Each piece is whoever's who got it. */
export async function* bytesOfObject(object: OpenedObject): AsyncGenerator<Buffer> {
  for (let position = 0; position < object.size; ) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, object.size - position));
    const count = await object.readAt(position, piece);
    if (count === 0) return;
    yield piece.subarray(0, count);
    position += count;
  }
}
