import type { Dirent } from "node:fs";
import { lstat, readdir, realpath, rmdir, statfs, unlink } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { isUuid } from "../../core/uuid-v7.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  GrowingFolder,
  NotedWork,
  OpenedObject,
  ResumedWork,
  Storage,
  StoredObject,
  SweepOptions,
  SweepResult,
  Work,
} from "../../ports/storage.ts";
import type { Transfer, TransferRequest } from "../../ports/transfer.ts";
import { ensureFolder } from "./durable-file-system.ts";
import { hasCode, ioError } from "./io-error.ts";
import { LocalTransfer } from "./local-transfer.ts";
import { LocalWork } from "./local-work.ts";
import { OpenedFile } from "./opened-file.ts";
import { createWorkFolder, reclaimWorkFolder, sweepWorkFolder, WORK_PREFIX } from "./work-folder.ts";
import { openGrowingFolder } from "./work-listing.ts";

/** A repository in a folder. */
export class LocalStorage implements Storage {
  readonly location: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.location = resolve(folder);
    this.#clock = clock;
  }

  async beginWork(): Promise<Work> {
    try {
      await ensureFolder(this.location);
      return new LocalWork(this.location, await createWorkFolder(this.location, this.#clock.now()));
    } catch (cause) {
      throw ioError("preparing to write", this.location, cause);
    }
  }

  async beginTransfer(request: TransferRequest): Promise<Transfer> {
    const { id } = request;
    if (!isUuid(id)) throw new Error(`no id of a transfer: ${JSON.stringify(id)}`);
    try {
      await ensureFolder(this.location);
      const now = this.#clock.now();
      const interrupted = await reclaimWorkFolder(this.location, id, now);
      const folder = interrupted === "gone" ? await createWorkFolder(this.location, now, id) : interrupted;
      if (folder !== "busy") return await LocalTransfer.begin(this.location, folder, request);
    } catch (cause) {
      if (!hasCode(cause, "EEXIST")) throw ioError("preparing to write", this.location, cause);
    }
    throw cannotResume("busy", join(this.location, `${WORK_PREFIX}${id}`));
  }

  async open(key: string): Promise<OpenedObject> {
    const path = this.#pathOf(key);
    if (key.includes("/")) await this.#refuseToLeave(path);
    return await OpenedFile.open(key, path);
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    return await statFile(key, this.#pathOf(key));
  }

  async *list(prefix: string, options: { readonly recursive?: boolean } = {}): AsyncIterable<StoredObject> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    yield* this.#listFolder(folder, prefix, options.recursive === true);
  }

  async *#listFolder(folder: string, prefix: string, recursive: boolean): AsyncIterable<StoredObject> {
    const entries = await this.#readFolder(folder);
    // A folder's keys continue with a slash: sorted with it, the whole listing is in byte order.
    const keys = entries
      .filter((entry) => !entry.name.startsWith(WORK_PREFIX) && (entry.isFile() || entry.isDirectory()))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`)
      .filter((key) => key.startsWith(prefix))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const key of keys) {
      if (key.endsWith("/")) {
        if (recursive) yield* this.#listFolder(key, prefix, recursive);
        continue;
      }
      const stored = await statFile(key, join(this.location, key));
      if (stored !== undefined) yield stored;
    }
  }

  async #readFolder(folder: string): Promise<Dirent[]> {
    try {
      return await readdir(join(this.location, folder), { withFileTypes: true });
    } catch (cause) {
      if (folder !== "" && hasCode(cause, "ENOENT")) return [];
      throw ioError("listing", join(this.location, folder), cause);
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await unlink(path);
    } catch (cause) {
      if (!hasCode(cause, "ENOENT")) throw ioError("removing", path, cause);
    }
    if (!key.includes("/")) return;
    // Of a folder nothing is there when its last object is gone.
    await rmdir(dirname(path)).catch((cause: unknown) => {
      if (!hasCode(cause, "ENOENT", "ENOTEMPTY", "EEXIST")) throw ioError("removing", dirname(path), cause);
    });
  }

  async sweep({ dryRun = false }: SweepOptions = {}): Promise<SweepResult> {
    const objects: string[] = [];
    const noted: NotedWork[] = [];
    let works = 0;
    for (const name of await this.#workFolders()) {
      const location = join(this.location, name);
      try {
        const { removed, firstNote, isBusy } = await sweepWorkFolder(this.location, location, dryRun);
        if (firstNote !== undefined) noted.push({ id: name.slice(WORK_PREFIX.length), location, firstNote, isBusy });
        if (removed === undefined) continue;
        works++;
        objects.push(...removed);
      } catch {
        // Another user's, or the disk's fault: whoever may, sweeps it later.
      }
    }
    return { works, objects, uploads: [], noted };
  }

  async resumeWork(id: string): Promise<ResumedWork> {
    const folder = await reclaimWorkFolder(this.location, id, this.#clock.now()).catch((cause: unknown) => {
      throw ioError("preparing to write", this.location, cause);
    });
    if (typeof folder === "string") throw cannotResume(folder, join(this.location, `${WORK_PREFIX}${id}`));
    return await LocalWork.resume(this.location, folder);
  }

  async *growing(): AsyncGenerator<GrowingFolder> {
    for (const name of (await this.#workFolders()).toReversed()) {
      const folder = await openGrowingFolder(join(this.location, name));
      if (folder !== undefined) yield folder;
    }
  }

  async #workFolders(): Promise<string[]> {
    try {
      const names = await readdir(this.location);
      // Their names begin with the time.
      return names.filter((name) => name.startsWith(WORK_PREFIX)).toSorted();
    } catch (cause) {
      if (hasCode(cause, "ENOENT")) return [];
      throw ioError("listing", this.location, cause);
    }
  }

  async freeBytes(): Promise<number | undefined> {
    for (let folder = this.location; ; folder = dirname(folder)) {
      try {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      } catch (cause) {
        // Before the first backup the folder is not there; it will lie where its parent lies.
        if (!hasCode(cause, "ENOENT") || folder === dirname(folder))
          throw ioError("asking for free space", folder, cause);
      }
    }
  }

  #pathOf(key: string): string {
    if (!isSafeRelativePath(key)) throw new Error(`no safe key: ${JSON.stringify(key)}`);
    return join(this.location, key);
  }

  /** A symbolic link among the folders of a key could lead anywhere. */
  async #refuseToLeave(path: string): Promise<void> {
    try {
      const [root, folder] = await Promise.all([realpath(this.location), realpath(dirname(path))]);
      if (folder.startsWith(root + sep)) return;
    } catch (cause) {
      throw ioError("opening", path, cause);
    }
    throw new BackupError({
      code: "IO",
      message: "a symbolic link leads out of the repository",
      object: path,
      hint: "replace the link by the folder itself",
    });
  }
}

function cannotResume(reason: "busy" | "gone", location: string): BackupError {
  if (reason === "gone") {
    return new BackupError({
      code: "NOT_FOUND",
      message: "there is no unfinished work any more",
      object: location,
      hint: "somebody else has finished or removed it: see what is there with list",
    });
  }
  return new BackupError({
    code: "PRECHECK",
    message: "another run is at work on it",
    object: location,
    hint: "wait until it has ended; a run that died on another machine, or before a reboot, is taken for dead after 10 minutes",
    retry: "maybe",
  });
}

async function statFile(key: string, path: string): Promise<StoredObject | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? { key, size: stats.size, modified: stats.mtime } : undefined;
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return undefined;
    throw ioError("looking at", path, cause);
  }
}
