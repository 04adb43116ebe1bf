import type { Storage } from "../ports/storage.ts";

/**
 * The bytes of a small object, such as a record beside a backup. Whoever asks has looked at its size.
 * @throws BackupError NOT_FOUND, IO
 */
export async function readWhole(storage: Storage, key: string): Promise<Buffer> {
  const object = await storage.open(key);
  try {
    const bytes = Buffer.alloc(object.size);
    return bytes.subarray(0, await object.readAt(0, bytes));
  } finally {
    await object.close();
  }
}
