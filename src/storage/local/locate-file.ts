import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { NamedFile } from "../../ports/named-file.ts";
import { hasCode, ioError } from "./io-error.ts";
import { OpenedFile } from "./opened-file.ts";

/** Finds a file that the user named, links followed. */
export async function locateFile(path: string): Promise<NamedFile | "folder" | undefined> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? "folder" : namedFile(real);
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return undefined;
    throw ioError("opening", path, cause);
  }
}

function namedFile(path: string): NamedFile {
  return {
    path,
    name: basename(path),
    open: () => OpenedFile.open(basename(path), path),
    beside: async (name) => {
      const found = await locateFile(join(dirname(path), name));
      return found === "folder" ? undefined : found;
    },
  };
}
