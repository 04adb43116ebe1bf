import { BackupError } from "../../core/backup-error.ts";
import type { OpenedObject } from "../../ports/storage.ts";

/**
 * An encrypted file whose header was damaged, with the header that the metadata recorded in its place: then all of it can be read.
 * Others are answered as they are, those too that are another file than what was recorded.
 * @param decrypt tells whether it is one that this header belongs to
 * @param onDamage called when the header was put in place
 * @throws BackupError IO; then what is stored is closed
 */
export async function withRecordedHeader(
  stored: OpenedObject,
  header: Buffer,
  decrypt: (stored: OpenedObject) => Promise<OpenedObject>,
  onDamage: (damage: BackupError) => void,
): Promise<OpenedObject> {
  try {
    const found = Buffer.alloc(header.length);
    const count = await stored.readAt(0, found);
    if (count < header.length || found.equals(header)) return stored;
    const repaired = repairedObject(stored, header);
    await decrypt({ ...repaired, close: async () => undefined });
    onDamage(headerDamaged());
    return repaired;
  } catch (error) {
    // What is wrong with it, its own reader says.
    if (error instanceof BackupError && isOfFile.has(error.code)) return stored;
    await stored.close();
    throw error;
  }
}

const isOfFile: ReadonlySet<string> = new Set(["DAMAGED", "UNSUPPORTED_FORMAT", "KEY"]);

function repairedObject(stored: OpenedObject, header: Buffer): OpenedObject {
  return {
    key: stored.key,
    size: stored.size,
    readAt: async (position, target) => {
      const count = await stored.readAt(position, target);
      if (position < header.length) target.set(header.subarray(position, position + count));
      return count;
    },
    close: () => stored.close(),
  };
}

function headerDamaged(): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: "the encrypted file has a header that was changed or damaged; the one in its metadata is used",
    hint: "put the file back from another copy",
  });
}
