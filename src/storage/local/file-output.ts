import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeComponent } from "../../core/safe-path.ts";
import type { ByteSink } from "../../ports/byte-sink.ts";
import { hasCode, ioError } from "./io-error.ts";

/** What the path of `--output` names. */
export type OutputPlace =
  /** A file to be made, in a folder that exists: committed whole, with metadata beside it. */
  | { readonly kind: "file"; readonly folder: string; readonly name: string }
  /** A device or pipe that is there already: bytes go straight into it. */
  | { readonly kind: "stream"; readonly path: string };

/**
 * Looks at the path of `--output` before anything is dumped.
 * @throws BackupError EXISTS when a file is there, NOT_FOUND when its folder is not.
 */
export async function lookAtOutput(path: string): Promise<OutputPlace> {
  const full = resolve(path);
  const found = await statOrUndefined(full);
  if (found !== undefined && (found.isCharacterDevice() || found.isFIFO())) return { kind: "stream", path: full };
  if (found !== undefined) {
    throw new BackupError({
      code: "EXISTS",
      message: `"${full}" exists already`,
      object: full,
      hint: found.isDirectory()
        ? "name a file in it"
        : "remove it, or choose another name; nothing is ever overwritten",
    });
  }
  const folder = dirname(full);
  if ((await statOrUndefined(folder)) === undefined) {
    throw new BackupError({ code: "NOT_FOUND", message: `there is no folder "${folder}"`, hint: "create it first" });
  }
  if (!isSafeComponent(basename(full))) {
    throw new BackupError({
      code: "USAGE",
      message: `"${basename(full)}" cannot be the name of a backup`,
      hint: "choose a name without control characters, backslashes and colons, that does not begin with a minus",
    });
  }
  return { kind: "file", folder, name: basename(full) };
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return undefined;
    throw ioError("looking at", path, cause);
  }
}

/** A sink that somebody has to close. */
export interface ClosableSink extends ByteSink {
  close(): Promise<void>;
}

/** Writes into a device or pipe; waits for whoever reads it. */
export async function openStreamOutput(path: string): Promise<ClosableSink> {
  try {
    const handle = await open(path, constants.O_WRONLY);
    return {
      async write(bytes) {
        for (let done = 0; done < bytes.length; ) {
          try {
            done += (await handle.write(bytes, done)).bytesWritten;
          } catch (cause) {
            throw ioError("writing", path, cause);
          }
        }
      },
      close: () => handle.close(),
    };
  } catch (cause) {
    throw ioError("opening", path, cause);
  }
}
