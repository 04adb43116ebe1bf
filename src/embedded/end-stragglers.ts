import { readdir, readlink } from "node:fs/promises";

/** Ends what works in a folder of ours and was started by code that the server ran, or by nobody we know any more. */
export async function endStragglers(folder: string): Promise<void> {
  for (const name of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const place = await readlink(`/proc/${name}/cwd`).catch(() => "");
    if (place !== folder && !place.startsWith(`${folder}/`)) continue;
    try {
      process.kill(Number(name), "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}
