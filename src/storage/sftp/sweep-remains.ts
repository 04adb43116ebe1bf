import { WORK_PREFIX } from "../object/work-record.ts";
import { MARKS } from "./publication-marks.ts";
import type { SftpStore } from "./sftp-store.ts";

/** Whoever makes the folder of a work writes the record into it at once. */
const SILENCE_MS = 10 * 60_000;

/**
 * Removes folders of works that died before their record was there, or after it was removed.
 * @returns how many
 */
export async function sweepRemains(store: SftpStore, dryRun: boolean): Promise<number> {
  return await store.link.use("sweeping", store.location, async (session) => {
    let found = 0;
    for (const { filename, attrs } of await session.readFolder(store.pathOf(""))) {
      if (!attrs.isDirectory() || !filename.startsWith(WORK_PREFIX)) continue;
      if (store.now().getTime() - attrs.mtime * 1000 < SILENCE_MS) continue;
      const folder = store.pathOf(filename);
      const names = (await session.readFolder(folder)).map((entry) => entry.filename);
      // Anything else is the record of a work, or of somebody else.
      if (!names.every((name) => name === MARKS || name.startsWith("new-"))) continue;
      found++;
      if (dryRun) continue;
      for (const name of names.toSorted()) await session.remove(`${folder}/${name}`);
      await session.removeFolder(folder);
    }
    return found;
  });
}
