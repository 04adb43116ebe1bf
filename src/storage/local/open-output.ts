import { constants, type Stats } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeComponent } from "../../core/safe-path.ts";
import type { BackupOutput } from "../../ports/backup-output.ts";
import type { ByteSink } from "../../ports/byte-sink.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Spool } from "../../ports/spool.ts";
import { hasCode, ioError } from "./io-error.ts";
import { LocalStorage } from "./local-storage.ts";
import { openStdoutSink } from "./stdout-sink.ts";
import { openTemporarySpool } from "./temporary-spool.ts";

/** Opens what `--output` names, and refuses what cannot be written before anything is dumped. */
export async function openOutput(
  path: string,
  kind: "file" | "folder",
  stdout: Writable,
  clock: Clock,
): Promise<BackupOutput> {
  if (path === "-") {
    if (kind === "folder") throw noFolder("stdout");
    return streamOutput(openStdoutSink(stdout), async () => {});
  }
  const full = await withoutLinks(resolve(path));
  const found = await statOrUndefined(full);
  if (found !== undefined && (found.isCharacterDevice() || found.isFIFO())) {
    if (kind === "folder") throw noFolder(full);
    return await openStream(full);
  }
  const isUsable = kind === "folder" && found?.isDirectory() === true && (await isEmpty(full));
  if (found !== undefined && !isUsable) throw existsAlready(full, kind === "file" && found.isDirectory());
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

/** A folder that is there may be named by a link, which rename(2) would not go through. */
async function withoutLinks(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (cause) {
    throw ioError("listing", folder, cause);
  }
}

function streamOutput(sink: ByteSink, closeSink: () => Promise<void>): BackupOutput {
  const spools: Spool[] = [];
  const openSpool = async (): Promise<Spool> => {
    const spool = await openTemporarySpool();
    spools.push(spool);
    return spool;
  };
  const close = async (): Promise<void> => {
    for (const spool of spools) await spool.close();
    await closeSink();
  };
  return { kind: "stream", sink, openSpool, close };
}

function noFolder(path: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `format directory is a folder of files, and "${path}" takes one stream of bytes`,
    hint: "use --format custom or tar, or name a folder",
  });
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
    return streamOutput({ write }, () => handle.close());
  } catch (cause) {
    throw ioError("opening", path, cause);
  }
}
