import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { guardFolder } from "./guard.ts";
import { reachableForServer } from "./server-user.ts";

/**
 * Where downloaded servers and tools stay between runs: outside the checkout, shared by all checkouts of a user.
 * Servers run from there; so when root's home is closed to the user that root's servers run as, it is /var/cache.
 */
export function cacheFolder(): string {
  const wished = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(reachableForServer(wished) ? wished : "/var/cache", "dbbackup");
}

/**
 * Makes `folder` once. `build` fills a private folder beside it, which is then renamed; so a folder that exists is
 * whole, and when two processes build the same one, the second throws its own away.
 * Answers whether this call built it.
 */
export async function buildOnce(folder: string, build: (privateFolder: string) => Promise<void>): Promise<boolean> {
  if (existsSync(folder)) return false;
  await mkdir(dirname(folder), { recursive: true });
  const privateFolder = await mkdtemp(join(dirname(folder), `.tmp-${basename(folder)}-`));
  guardFolder(privateFolder);
  try {
    await chmod(privateFolder, 0o755);
    await build(privateFolder);
    await rename(privateFolder, folder);
    return true;
  } catch (error) {
    if (existsSync(folder)) return false;
    throw error;
  } finally {
    await rm(privateFolder, { recursive: true, force: true });
  }
}
