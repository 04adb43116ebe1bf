import { lstat, opendir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeComponent } from "../../core/safe-path.ts";
import type { BackupFiles } from "../../ports/backup-files.ts";
import type { NamedFile, NamedFolder } from "../../ports/named-file.ts";
import { hasCode, ioError } from "./io-error.ts";
import { OpenedFile } from "./opened-file.ts";

/** More files than the largest backup has: a folder of more is something else. */
const maxFiles = 10_000_000;

/** Finds a file or folder that the user named, links followed. */
export async function locateFile(path: string): Promise<NamedFile | NamedFolder | undefined> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? namedFolder(real) : namedFile(real);
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return undefined;
    throw ioError("opening", path, cause);
  }
}

function namedFile(path: string): NamedFile {
  return { kind: "file", ...named(path), open: () => OpenedFile.open(basename(path), path) };
}

function namedFolder(path: string): NamedFolder {
  return { kind: "folder", ...named(path), files: () => filesIn(path) };
}

function named(path: string): Pick<NamedFile, "path" | "name" | "beside" | "allBeside"> {
  const folder = dirname(path);
  return {
    path,
    name: basename(path),
    beside: (name) => locateFile(join(folder, name)),
    allBeside: async (beginning) => {
      const names = [...(await filesIn(folder)).sizes.keys()].filter((name) => name.startsWith(beginning));
      return names.toSorted().map((name) => namedFile(join(folder, name)));
    },
  };
}

async function filesIn(folder: string): Promise<BackupFiles> {
  const sizes = new Map<string, number>();
  try {
    for await (const { name } of await opendir(folder)) {
      const stats = await lstat(join(folder, name));
      if (stats.isFile()) sizes.set(name, stats.size);
      if (sizes.size > maxFiles) throw tooMany(folder);
    }
  } catch (cause) {
    throw ioError("listing", folder, cause);
  }
  return {
    sizes,
    open: async (name) => {
      if (!isSafeComponent(name)) throw new Error(`no safe name of a file: ${JSON.stringify(name)}`);
      return await OpenedFile.open(name, join(folder, name));
    },
  };
}

function tooMany(folder: string): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `the folder holds more than ${maxFiles} files, and is no backup`,
    object: folder,
    hint: "name a backup",
  });
}
