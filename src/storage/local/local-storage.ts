import { type Dirent, lstatSync } from "node:fs";
import { opendir, realpath, rmdir, statfs, unlink } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { compareKeys } from "../../core/text/compare-keys.ts";
import { isUuid } from "../../core/uuid-v7.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  GrowingFolder,
  ListOptions,
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
import { ensureFolder, syncFolder } from "./durable-file-system.ts";
import { hasCode, ioError } from "./io-error.ts";
import { LocalTransfer } from "./local-transfer.ts";
import { LocalWork } from "./local-work.ts";
import { type Looked, LookThread } from "./look-thread.ts";
import { OneByOne } from "./one-by-one.ts";
import { OpenedFile } from "./opened-file.ts";
import { createWorkFolder, reclaimWorkFolder, sweepWorkFolder, WORK_PREFIX } from "./work-folder.ts";
import { openGrowingFolder } from "./work-listing.ts";

/**
 * So many files are looked at in one go. To look at one takes microseconds, and to have it done in another thread ten times as long:
 * 100,000 backups took 15 seconds.
 */
const LOOKED_AT_ONCE = 500;

/** Entries of a folder that are read at a time: those of 100,000 backups would be 60 MiB beside what a caller knows of them. */
const NAMES_AT_ONCE = 1024;

/** What takes a tenth of a second to look at. */
const MANY_NAMES = 20_000;
/** Then as long as two fifths take with all that a caller does with them, the others take to be looked at alone. */
const OUR_SHARE = 0.4;

/** A repository in a folder. */
export class LocalStorage implements Storage {
  readonly location: string;
  readonly neverLocks = true;
  readonly #clock: Clock;
  /** Names of folders of works, as the last listing of all passed them. */
  #passed: readonly string[] | undefined;
  readonly #manyNames: number;

  /** @param manyNames from how many names in a folder on a second thread helps to look at the files */
  constructor(folder: string, clock: Clock, manyNames = MANY_NAMES) {
    this.location = resolve(folder);
    this.#clock = clock;
    this.#manyNames = manyNames;
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
    return lookAt(key, this.#pathOf(key));
  }

  list(prefix: string, options: ListOptions = {}): OneByOne<StoredObject> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    return new OneByOne(this.#listFolder(folder, prefix, options));
  }

  async *#listFolder(folder: string, prefix: string, options: ListOptions): AsyncGenerator<readonly StoredObject[]> {
    const { recursive = false, isNameEnough, folders = false } = options;
    let thread: LookThread | undefined;
    try {
      const keys = await this.#keysOf(folder, prefix, () => {
        if (availableParallelism() > 1) thread = new LookThread();
      });
      // The other thread looks at those behind `ours` meanwhile. It gets more, for here they are taken, too.
      const ours = thread === undefined ? keys.length : Math.floor(keys.length * OUR_SHARE);
      const isLookedAt = (key: string): boolean => !key.endsWith("/") && isNameEnough?.(key) !== true;
      const theirs = thread?.look(this.location, keys.slice(ours).filter(isLookedAt));
      let next: (() => Looked) | undefined;
      let found: StoredObject[] = [];
      for (let at = 0; at < keys.length; at++) {
        const key = keys[at]!;
        if (at % LOOKED_AT_ONCE === LOOKED_AT_ONCE - 1) {
          yield found;
          found = [];
          await nextTurn();
        }
        if (at === ours) next = await theirs;
        if (key.endsWith("/")) {
          if (!recursive) {
            if (folders) found.push(ofNameOnly(key));
            continue;
          }
          yield found;
          found = [];
          yield* this.#listFolder(key, prefix, options);
          continue;
        }
        if (isNameEnough?.(key) === true) {
          found.push(ofNameOnly(key));
          continue;
        }
        const looked = next?.() ?? (next === undefined ? "failed" : undefined);
        const stored = looked === "failed" ? lookAt(key, `${this.location}${sep}${key}`) : storedObject(key, looked);
        if (stored !== undefined) found.push(stored);
      }
      yield found;
    } finally {
      await thread?.end();
    }
  }

  /** @param onMany is called when there are many */
  async #keysOf(folder: string, prefix: string, onMany: () => void): Promise<readonly string[]> {
    const keys: string[] = [];
    const works: string[] = [];
    const take = (entry: Dirent): void => {
      if (entry.name.startsWith(WORK_PREFIX)) works.push(entry.name);
      if (entry.name.startsWith(WORK_PREFIX) || !(entry.isFile() || entry.isDirectory())) return;
      // A folder's keys continue with a slash: sorted with it, the whole listing is in byte order.
      const key = `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`;
      if (key.startsWith(prefix) && keys.push(key) === this.#manyNames) onMany();
    };
    await this.#readFolder(folder, take);
    if (folder === "") this.#passed = works.toSorted();
    // That of bytes is the order of UTF-16 units, which V8 has built in, where no character is of two of them.
    return keys.some((key) => surrogate.test(key)) ? keys.toSorted(compareKeys) : keys.toSorted();
  }

  async #readFolder(folder: string, take: (entry: Dirent) => void): Promise<void> {
    try {
      await eachEntry(join(this.location, folder), take);
    } catch (cause) {
      // Below a file there is nothing, as in a bucket: somebody may have just given it the name that a folder was to get.
      if (folder !== "" && hasCode(cause, "ENOENT", "ENOTDIR")) return;
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
    // Who removes several objects counts on it that none comes back while one behind it is gone. Those of a folder go with its name.
    const folder = dirname(path);
    if (!key.includes("/") || (await this.#removeIfEmpty(folder)))
      await this.#syncNames(dirname(key.includes("/") ? folder : path));
  }

  /** Of a folder nothing is there when its last object is gone. @returns whether it is gone */
  async #removeIfEmpty(folder: string): Promise<boolean> {
    try {
      await rmdir(folder);
      return true;
    } catch (cause) {
      if (hasCode(cause, "ENOENT")) return true;
      if (hasCode(cause, "ENOTEMPTY", "EEXIST")) return false;
      throw ioError("removing", folder, cause);
    }
  }

  async #syncNames(folder: string): Promise<void> {
    await syncFolder(folder).catch((cause: unknown) => {
      if (!hasCode(cause, "ENOENT")) throw ioError("removing", folder, cause);
    });
  }

  async sweep({ dryRun = false, wasListed = false }: SweepOptions = {}): Promise<SweepResult> {
    const objects: string[] = [];
    const noted: NotedWork[] = [];
    let works = 0;
    // To read the names of 100,000 backups takes 0.15 s.
    const names = (dryRun && wasListed ? this.#passed : undefined) ?? (await this.#workFolders());
    for (const name of names) {
      const location = join(this.location, name);
      try {
        const { removed, firstNote, isBusy } = await sweepWorkFolder(
          this.location,
          location,
          dryRun,
          this.#clock.now(),
        );
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
      const names: string[] = [];
      await eachEntry(this.location, ({ name }) => {
        if (name.startsWith(WORK_PREFIX)) names.push(name);
      });
      // Their names begin with the time.
      return names.toSorted();
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

const sometime = new Date(0);

function ofNameOnly(key: string): StoredObject {
  return { key, size: Number.NaN, modified: sometime };
}

const surrogate = /[\ud800-\udfff]/;

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

/** Gives each entry of a folder, in no order. Reading is not left to another thread, as `LOOKED_AT_ONCE` says. */
async function eachEntry(path: string, take: (entry: Dirent) => void): Promise<void> {
  await using folder = await opendir(path, { bufferSize: NAMES_AT_ONCE });
  for (let read = 1; ; read++) {
    if (read % NAMES_AT_ONCE === 0) await nextTurn();
    const entry = folder.readSync();
    if (entry === null) return;
    take(entry);
  }
}

function storedObject(key: string, looked: Exclude<Looked, "failed">): StoredObject | undefined {
  if (looked === undefined) return undefined;
  // What `mtime` gives, which is made when it is asked for, and takes as long as the rest.
  return { key, size: looked.size, modified: new Date(Math.round(looked.mtimeMs)) };
}

function lookAt(key: string, path: string): StoredObject | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true ? storedObject(key, stats) : undefined;
  } catch (cause) {
    if (hasCode(cause, "ENOTDIR")) return undefined;
    throw ioError("looking at", path, cause);
  }
}
