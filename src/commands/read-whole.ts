import type { Storage } from "../ports/storage.ts";

/**
 * The bytes of a small object, such as a record beside a backup.
 * @param most of a larger one nothing is read; whoever leaves it out has looked at its size
 * @returns undefined for a larger one
 * @throws BackupError NOT_FOUND, IO
 */
export async function readWhole(storage: Storage, key: string): Promise<Buffer>;
export async function readWhole(storage: Storage, key: string, most: number): Promise<Buffer | undefined>;
export async function readWhole(
  storage: Storage,
  key: string,
  most = Number.POSITIVE_INFINITY,
): Promise<Buffer | undefined> {
  const object = await storage.open(key);
  try {
    if (object.size > most) return undefined;
    const bytes = Buffer.alloc(object.size);
    return bytes.subarray(0, await object.readAt(0, bytes));
  } finally {
    await object.close();
  }
}
