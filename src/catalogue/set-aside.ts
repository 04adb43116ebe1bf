import { existsSync, renameSync } from "node:fs";
import { resolve } from "node:path";
import { catalogueError } from "./catalogue-error.ts";

/**
 * Gives a catalogue, with what SQLite keeps beside it, another name.
 * @returns the new path; undefined when there is none
 * @throws BackupError IO
 */
export function setAside(path: string, now: Date): string | undefined {
  const file = resolve(path);
  if (!existsSync(file)) return undefined;
  const aside = `${file}.damaged-${now.toISOString().replace(/[-:]|\.\d+/g, "")}`;
  try {
    // The log first: without it the new file is whole, and with that of another one it would not be.
    for (const end of ["-wal", "-shm", ""]) if (existsSync(file + end)) renameSync(file + end, aside + end);
    return aside;
  } catch (error) {
    throw catalogueError(error, file);
  }
}
