import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** PostgreSQL refuses to run as root, so root's test servers run as the traditional nobody. */
const NOBODY = 65534;

/** Options of `spawn` for programs that must not run as root; empty for ordinary users. */
export function serverUser(): { uid: number; gid: number } | Record<string, never> {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/** Whether {@link serverUser} can get at files below `folder`: all folders above must let others pass. */
export function reachableForServer(folder: string): boolean {
  if (process.getuid?.() !== 0) return true;
  for (let path = folder; ; path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
