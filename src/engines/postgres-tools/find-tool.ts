import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { BackupError } from "../../core/backup-error.ts";
import { parseToolVersion, type ToolVersion } from "./tool-version.ts";

export type ToolName = "pg_dump" | "pg_restore" | "psql";

/** A program that was found and said its version. */
export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  readonly version: ToolVersion;
}

/** Where PostgreSQL's own programs are looked for. */
export interface ToolPlaces {
  /** Only here, when given. */
  readonly folder?: string;
  /** Folders as in PATH. */
  readonly searchPath: string;
}

/** Telling a version takes milliseconds; something else of that name may wait for a terminal. */
const VERSION_WITHIN_MS = 10_000;
const run = promisify(execFile);

/**
 * The first of these programs on the search path that is of this major version or newer: pg_dump refuses servers that are
 * newer than itself, and pg_restore archives.
 * @throws BackupError NOT_FOUND naming what was looked for and what was found instead
 */
export async function findTool(name: ToolName, atLeast: number, places: ToolPlaces): Promise<Tool> {
  const older: string[] = [];
  for (const folder of foldersOf(places)) {
    const path = join(folder, name);
    const version = await versionOf(path, places);
    if (version === undefined) continue;
    if (version.major >= atLeast) return { name, path, version };
    older.push(`${path} is version ${version.text}`);
  }
  const where = places.folder === undefined ? "on PATH" : `in "${places.folder}"`;
  throw new BackupError({
    code: "NOT_FOUND",
    message:
      older.length === 0
        ? `there is no ${name} ${where}, which --engine tools needs`
        : `there is no ${name} ${where} of version ${atLeast} or newer, as the server's is`,
    details: older,
    hint: `install it (Debian: package postgresql-client-${atLeast}), name its folder with --tools-path, or use --engine native`,
  });
}

/** A relative folder of PATH would be whatever lies in the current one. */
function foldersOf({ folder, searchPath }: ToolPlaces): string[] {
  return folder === undefined ? searchPath.split(delimiter).filter(isAbsolute) : [folder];
}

/** What a program says of its version; undefined when there is none, or it says something else. */
async function versionOf(path: string, { searchPath }: ToolPlaces): Promise<ToolVersion | undefined> {
  try {
    await access(path, constants.X_OK);
    const env = { PATH: searchPath, LC_ALL: "C" };
    const { stdout } = await run(path, ["--version"], { env, timeout: VERSION_WITHIN_MS, killSignal: "SIGKILL" });
    return parseToolVersion(stdout);
  } catch {
    return undefined;
  }
}
