import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

/** A stock program that was found and said its version. */
export interface FoundTool<Name extends string, Version> {
  readonly name: Name;
  readonly path: string;
  readonly version: Version;
}

/** Where stock programs are looked for. */
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
 * The programs of a name, in the order in which they would be found.
 * @param parse reads what `--version` prints; undefined when that is something else, which is passed over
 */
export async function* toolsNamed<Name extends string, Version>(
  name: Name,
  { folder, searchPath }: ToolPlaces,
  parse: (said: string) => Version | undefined,
): AsyncGenerator<FoundTool<Name, Version>> {
  // A relative folder of PATH would be whatever lies in the current one.
  const folders = folder === undefined ? searchPath.split(delimiter).filter(isAbsolute) : [folder];
  for (const place of folders) {
    const path = join(place, name);
    const said = await versionSaid(path, searchPath);
    const version = said === undefined ? undefined : parse(said);
    if (version !== undefined) yield { name, path, version };
  }
}

/** Where that was, for messages. */
export function shownPlaces({ folder }: ToolPlaces): string {
  return folder === undefined ? "on PATH" : `in "${folder}"`;
}

/** What a program says of its version; undefined when there is none. */
async function versionSaid(path: string, searchPath: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    const env = { PATH: searchPath, LC_ALL: "C" };
    const { stdout } = await run(path, ["--version"], { env, timeout: VERSION_WITHIN_MS, killSignal: "SIGKILL" });
    return stdout;
  } catch {
    return undefined;
  }
}
