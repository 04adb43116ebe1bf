import { constants, type Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeComponent } from "../../core/safe-path.ts";
import type { BackupOutput } from "../../ports/backup-output.ts";
import type { Clock } from "../../ports/clock.ts";
import { hasCode, ioError } from "./io-error.ts";
import { LocalStorage } from "./local-storage.ts";
import { openStdoutSink } from "./stdout-sink.ts";

/** Opens what `--output` names, and refuses what cannot be written before anything is dumped. */
export async function openOutput(path: string, stdout: Writable, clock: Clock): Promise<BackupOutput> {
  if (path === "-") return { kind: "stream", sink: openStdoutSink(stdout), close: async () => {} };
  const full = resolve(path);
  const found = await statOrUndefined(full);
  if (found !== undefined && (found.isCharacterDevice() || found.isFIFO())) return await openStream(full);
  if (found !== undefined) throw existsAlready(full, found.isDirectory());
  const folder = dirname(full);
  if ((await statOrUndefined(folder)) === undefined) {
    throw new BackupError({ code: "NOT_FOUND", message: `there is no folder "${folder}"`, hint: "create it first" });
  }
  if (!isSafeComponent(basename(full))) {
    throw new BackupError({
      code: "USAGE",
      message: `"${basename(full)}" cannot be the name of a backup`,
      hint: "choose a name without control characters and backslashes, that does not begin with a minus",
    });
  }
  return { kind: "file", storage: new LocalStorage(folder, clock), key: basename(full) };
}

function existsAlready(path: string, isFolder: boolean): BackupError {
  return new BackupError({
    code: "EXISTS",
    message: `"${path}" exists already`,
    object: path,
    hint: isFolder ? "name a file in it" : "remove it, or choose another name: backups are never overwritten",
  });
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return undefined;
    throw ioError("looking at", path, cause);
  }
}

/** Writes into a device or pipe, waiting for whoever reads it. */
async function openStream(path: string): Promise<BackupOutput> {
  try {
    const handle = await open(path, constants.O_WRONLY);
    const write = async (bytes: Uint8Array): Promise<void> => {
      for (let done = 0; done < bytes.length; ) {
        try {
          done += (await handle.write(bytes, done)).bytesWritten;
        } catch (cause) {
          throw ioError("writing", path, cause);
        }
      }
    };
    return { kind: "stream", sink: { write }, close: () => handle.close() };
  } catch (cause) {
    throw ioError("opening", path, cause);
  }
}
