import { statfsSync } from "node:fs";
import { chmod, chown, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardFolder } from "./guard.ts";
import { serverUser } from "./server-user.ts";

const MEMORY_DISK = "/dev/shm";
const TMPFS_MAGIC = 0x0102_1994;
/** What must be free there, and of the machine's memory: the servers of the whole suite have a tenth of it. */
const LEAST_FREE = 8 * 1024 ** 3;

/** Linux allows 107 bytes for a socket's path; ".s.PGSQL.65535" needs 15 of them. */
const LONGEST_SOCKET_FOLDER = 84;

/**
 * A new folder for a server's data and socket, which the servers' user owns. It lies in memory where there is plenty: nothing of it is
 * to survive, and a run of the suite writes some 60 GB, which is more than some disks take in that time.
 * @param onDisk for what measures
 */
export async function makeServerFolder(prefix: string, onDisk = false): Promise<string> {
  const parent = !onDisk && hasMemoryDisk() ? MEMORY_DISK : tmpdir();
  const isShort = parent.length + `/${prefix}XXXXXX`.length < LONGEST_SOCKET_FOLDER;
  const folder = await mkdtemp(join(isShort ? parent : "/tmp", prefix));
  guardFolder(folder);
  const user = serverUser();
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  await chmod(folder, 0o755);
  return folder;
}

function hasMemoryDisk(): boolean {
  if (process.platform !== "linux" || process.availableMemory() < LEAST_FREE) return false;
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY_DISK);
    return type === TMPFS_MAGIC && bavail * bsize >= LEAST_FREE;
  } catch {
    return false;
  }
}
