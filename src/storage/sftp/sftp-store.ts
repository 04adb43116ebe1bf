import { createHash, randomBytes } from "node:crypto";
import { dirname } from "node:path/posix";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { compareKeys } from "../../core/text/compare-keys.ts";
import type {
  ListedObject,
  ObjectState,
  ObjectStore,
  ObjectUpload,
  PutOptions,
  ResumedUpload,
  UnfinishedUpload,
} from "../../ports/object-store.ts";
import { listedFolder } from "../object/listed-folder.ts";
import { SENDING_BYTES } from "../object/part-memory.ts";
import { bytesOfParts, partBytes } from "../object/part-sizes.ts";
import { recordKey, WORK_PREFIX } from "../object/work-record.ts";
import { type FileTraits, MARKS, PublicationMarks, workFolder } from "./publication-marks.ts";
import { ensureFolder, inFolderOf, syncFolder, withHandle } from "./remote-files.ts";
import { hasStatus, status } from "./sftp-error.ts";
import { SftpLink } from "./sftp-link.ts";
import type { RemoteHandle, SftpSession } from "./sftp-session.ts";
import type { SftpSettings } from "./sftp-settings.ts";
import { sftpLocation } from "./sftp-url.ts";

/** What a copy through this machine holds in memory. */
const COPY_BYTES = 4 * 1024 * 1024;

/** The file of an upload, as a session has opened it. */
interface OpenedUpload {
  readonly session: SftpSession;
  readonly handle: Promise<RemoteHandle>;
}

/**
 * A folder on a server that speaks SFTP. Objects are plain files, as those of a repository in a folder. Each is written
 * under a temporary name below `.tmp-<work>/`, brought to the disk, and renamed to its own, which fails when that is taken.
 */
export class SftpStore implements ObjectStore {
  readonly location: string;
  /** A file grows as long as it likes. */
  readonly maxParts = Number.MAX_SAFE_INTEGER;
  /** @internal */
  readonly link: SftpLink;
  readonly #root: string;
  /** Of the works that this process writes for, or has looked at, by the folder: what `head` knows authors by. */
  readonly #marks = new Map<string, PublicationMarks>();
  /** Milliseconds that the server's clock is ahead of ours, as far as files tell: they have whole seconds. */
  #clockAhead = 0;

  private constructor(link: SftpLink, settings: SftpSettings) {
    this.link = link;
    this.#root = settings.path;
    this.location = sftpLocation(settings);
  }

  /**
   * Loads the library; connects when something is asked for.
   * @param link a connection to that server, when there is one
   */
  static async open(settings: SftpSettings, link?: SftpLink): Promise<SftpStore> {
    return new SftpStore(link ?? (await SftpLink.open(settings)), settings);
  }

  now(): Date {
    return new Date(Date.now() + this.#clockAhead);
  }

  async put(key: string, bytes: Uint8Array, { work, createOnly }: PutOptions): Promise<void> {
    await this.#asking("writing", key, async (session) => {
      const temporary = temporaryKey(work, key);
      const path = this.pathOf(temporary);
      const handle = await inFolderOf(session, path, () => session.create(path));
      const mtime = await withHandle(session, handle, async () => {
        await this.#write(session, handle, bytes, 0, key);
        return await this.#finish(session, handle, bytes.length, key);
      });
      if (createOnly) await this.#publish(session, temporary, key, work, { size: bytes.length, mtime });
      else await this.#replace(session, path, this.pathOf(key));
    });
  }

  async beginUpload(key: string, work: string): Promise<ObjectUpload> {
    const temporary = temporaryKey(work, key);
    const path = this.pathOf(temporary);
    return await this.#asking("beginning an upload", key, async (session) => {
      const handle = inFolderOf(session, path, () => session.create(path));
      await handle;
      return this.#upload(key, work, temporary, { opened: { session, handle }, size: 0 });
    });
  }

  /**
   * Parts are written beside each other, so that there may be holes between the last ones; before those that can have been on
   * their way there are none.
   */
  async resumeUpload({ key, id }: UnfinishedUpload, work: string): Promise<ResumedUpload | undefined> {
    // It comes from a record that others could write, too.
    if (!isSafeRelativePath(id) || workHolding(id) !== work || isRecord(id)) return undefined;
    return await this.#asking("looking at an upload", key, async (session) => {
      const found = await session.lstat(this.pathOf(id));
      if (found === undefined) return undefined;
      const partSizes: number[] = [];
      for (let part = 1; bytesOfParts(part) <= found.size - SENDING_BYTES; part++) partSizes.push(partBytes(part));
      return { ...this.#upload(key, work, id, { size: bytesOfParts(partSizes.length) }), partSizes };
    });
  }

  #upload(
    key: string,
    work: string,
    temporary: string,
    begun: { readonly opened?: OpenedUpload; readonly size: number },
  ): ObjectUpload {
    const path = this.pathOf(temporary);
    // Of the session that it was opened in: another one has to open the file again.
    let { opened, size } = begun;
    const opening = (session: SftpSession): Promise<RemoteHandle> => {
      if (opened?.session !== session) opened = { session, handle: session.openForWriting(path) };
      return opened.handle;
    };
    // Of parts on their way: who sends one again goes on where the connection broke.
    const written = new Map<number, Set<number>>();
    return {
      key,
      id: temporary,
      putPart: async (number, bytes) => {
        const position = bytesOfParts(number - 1);
        const pieces = written.get(number) ?? new Set();
        written.set(number, pieces);
        await this.#asking("writing", key, async (session) => {
          await this.#write(session, await opening(session), bytes, position, key, pieces);
        });
        written.delete(number);
        size = Math.max(size, position + bytes.length);
      },
      complete: async () => {
        await this.#asking("finishing an upload", key, async (session) => {
          const handle = await opening(session);
          const mtime = await this.#finish(session, handle, size, key);
          await session.close(handle);
          opened = undefined;
          await this.#publish(session, temporary, key, work, { size, mtime });
        });
      },
    };
  }

  /** Files of unfinished uploads lie in the folder of their work, and go with it. */
  async *unfinishedUploads(): AsyncIterable<UnfinishedUpload> {}

  /** A file that may have become an object stays until its work ends: that it is there says that it has not. */
  async abandonUpload({ key, id }: UnfinishedUpload): Promise<void> {
    await this.#asking("removing an upload", key, async (session) => {
      const marks = this.#marksOf(workHolding(id)!);
      if (!(await marks.knows(session, key, nameOf(id)))) await session.remove(this.pathOf(id));
    });
  }

  async copy(from: string, to: string, size: number, work: string): Promise<void> {
    await this.#asking("copying", to, async (session) => {
      const temporary = temporaryKey(work, to);
      const path = this.pathOf(temporary);
      await ensureFolder(session, dirname(path));
      if (!(await this.#link(session, this.pathOf(from), path))) await this.#copyBytes(session, from, path, size, to);
      const { mtime, size: copied } = (await session.lstat(path))!;
      if (copied !== size) throw incomplete("copying", copied, size);
      await this.#publish(session, temporary, to, work, { size, mtime });
    });
  }

  /** A second name for the same file. Answers false where there are none. */
  async #link(session: SftpSession, from: string, to: string): Promise<boolean> {
    if (!session.has("hardlink@openssh.com")) return false;
    try {
      await session.link(from, to);
      return true;
    } catch (error) {
      if (!hasStatus(error, status.failure, status.unsupported, status.permissionDenied)) throw error;
      return false;
    }
  }

  async #copyBytes(session: SftpSession, from: string, to: string, size: number, key: string): Promise<void> {
    const source = await session.openForReading(this.pathOf(from));
    await withHandle(session, source, async () => {
      const target = await session.create(to);
      await withHandle(session, target, async () => {
        const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, size));
        for (let at = 0; at < size; ) {
          const count = await session.read(source, buffer.subarray(0, size - at), at);
          if (count === 0) throw incomplete("copying", at, size);
          await this.#write(session, target, buffer.subarray(0, count), at, key);
          at += count;
        }
        await this.#finish(session, target, size, key);
      });
    });
  }

  async head(key: string): Promise<ObjectState | undefined> {
    return await this.#asking("looking at", key, async (session) => {
      const found = await session.lstat(this.pathOf(key));
      if (found?.isFile() !== true) return undefined;
      return {
        key,
        size: found.size,
        modified: new Date(found.mtime * 1000),
        version: versionOf(found),
        work: await this.#workOf(session, key, found),
      };
    });
  }

  async #workOf(session: SftpSession, key: string, found: FileTraits): Promise<string | undefined> {
    const holder = workHolding(key);
    if (holder !== undefined) {
      const marks = this.#marksOf(holder);
      // Whoever looks at a work's record goes on to what it published.
      if (isRecord(key)) marks.forget();
      else return (await marks.authorOf(session, key, found)) ?? holder;
      return holder;
    }
    for (const marks of this.#marks.values()) {
      const author = await marks.authorOf(session, key, found);
      if (author !== undefined) return author;
    }
    return undefined;
  }

  #marksOf(work: string): PublicationMarks {
    let marks = this.#marks.get(work);
    if (marks === undefined) {
      marks = new PublicationMarks((name) => this.#inWork(work, name));
      this.#marks.set(work, marks);
    }
    return marks;
  }

  #inWork(work: string, name: string): string {
    return this.pathOf(`${workFolder(work)}/${name}`);
  }

  async read(key: string, version: string, position: number, target: Uint8Array): Promise<void> {
    if (target.length === 0) return;
    await this.#asking("reading", key, async (session) => {
      const handle = await session.openForReading(this.pathOf(key));
      await withHandle(session, handle, async () => {
        const [found, count] = await Promise.all([session.fstat(handle), session.read(handle, target, position)]);
        if (versionOf(found) !== version) throw changedMeanwhile();
        if (count !== target.length) throw incomplete("reading", count, target.length);
      });
    });
  }

  async *list(prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    yield* this.#listFolder(prefix.slice(0, prefix.lastIndexOf("/") + 1), prefix, recursive);
  }

  async *#listFolder(folder: string, prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    const entries = await this.#asking("listing", folder, async (session) => {
      try {
        return await session.readFolder(this.pathOf(folder));
      } catch (error) {
        if (folder !== "" && hasStatus(error, status.noSuchFile)) return [];
        throw error;
      }
    });
    // A folder's keys continue with a slash: sorted with it, the whole listing is in byte order.
    const found = entries
      .filter(({ filename, attrs }) => attrs.isFile() || (attrs.isDirectory() && filename !== "." && filename !== ".."))
      .map(({ filename, attrs }) => ({ key: `${folder}${filename}${attrs.isDirectory() ? "/" : ""}`, attrs }))
      .filter(({ key }) => key.startsWith(prefix))
      .toSorted((a, b) => compareKeys(a.key, b.key));
    for (const { key, attrs } of found) {
      if (!key.endsWith("/")) yield { key, size: attrs.size, modified: new Date(attrs.mtime * 1000) };
      else if (recursive) yield* this.#listFolder(key, prefix, recursive);
      else yield listedFolder(key);
    }
  }

  async remove(key: string): Promise<void> {
    await this.#asking("removing", key, async (session) => {
      if (isMarksFile(key)) await this.#marks.get(workHolding(key)!)?.close();
      await session.remove(this.pathOf(key));
      if (!key.includes("/")) return;
      const folder = key.slice(0, key.lastIndexOf("/"));
      // The folder of a work goes with its record, which is removed last.
      if (isWorkFolder(folder) && !isRecord(key)) return;
      // Of a folder nothing is there when its last object is gone; servers do not say why they cannot remove one.
      await session.removeFolder(this.pathOf(folder)).catch((error: unknown) => {
        if (session.isOver) throw error;
      });
    });
    if (!isRecord(key)) return;
    this.#marks.delete(workHolding(key)!);
  }

  /** Bytes that the server lets us take; undefined when it does not tell. */
  async freeBytes(): Promise<number | undefined> {
    return await this.#asking("asking for free space", "", async (session) => {
      if (!session.has("statvfs@openssh.com")) return undefined;
      // Before the first backup the folder is not there; it will lie where its parent lies.
      let folder = this.#root;
      while ((await session.lstat(folder)) === undefined && dirname(folder) !== folder) folder = dirname(folder);
      const { f_bavail, f_frsize } = await session.fileSystem(folder);
      return f_bavail * f_frsize;
    });
  }

  /** Removes the marks of a work that has no record, and its folder when nothing else is in it. */
  async forgetMarks(work: string): Promise<void> {
    await this.#asking("removing", workFolder(work), async (session) => {
      await this.#marks.get(work)?.close();
      this.#marks.delete(work);
      await session.remove(this.#inWork(work, MARKS));
      await session.removeFolder(this.pathOf(workFolder(work))).catch((error: unknown) => {
        if (session.isOver) throw error;
      });
    });
  }

  /** Where an object or a folder of the repository lies on the server. */
  pathOf(key: string): string {
    const relative = key.replace(/\/$/, "");
    if (relative === "") return this.#root;
    return this.#root === "/" ? `/${relative}` : `${this.#root}/${relative}`;
  }

  async #write(
    session: SftpSession,
    handle: RemoteHandle,
    bytes: Uint8Array,
    position: number,
    key: string,
    written?: Set<number>,
  ): Promise<void> {
    try {
      await session.write(handle, bytes, position, written);
    } catch (error) {
      if (!hasStatus(error, status.failure) || !(await this.#isFull(session, bytes.length))) throw error;
      throw new BackupError({
        code: "IO",
        message: "writing failed: no space left on the server's device",
        object: `${this.location}/${key}`,
        hint: "free space there, or choose another place with --repo",
        cause: error,
      });
    }
  }

  /** SFTP has no code for a full disk. */
  async #isFull(session: SftpSession, wanted: number): Promise<boolean> {
    if (!session.has("statvfs@openssh.com")) return false;
    const { f_bavail, f_frsize } = await session.fileSystem(this.#root);
    return f_bavail * f_frsize < wanted;
  }

  /** Brings what was written to the disk. Answers its time in seconds. */
  async #finish(session: SftpSession, handle: RemoteHandle, size: number, key: string): Promise<number> {
    try {
      await session.sync(handle);
    } catch (error) {
      // A failed fsync is final: the server's kernel may have dropped the pages, and would not say so twice.
      if (!hasStatus(error, status.failure)) throw error;
      throw new BackupError({
        code: "IO",
        message: "writing failed: the server could not bring the bytes to its disk",
        object: `${this.location}/${key}`,
        hint: "check the space and the disk over there, then run again",
        cause: error,
      });
    }
    const found = await session.fstat(handle);
    if (found.size !== size) throw incomplete("writing", found.size, size);
    this.#clockAhead = found.mtime * 1000 - Date.now();
    return found.mtime;
  }

  /** Gives a file its own name, which must not be there. */
  async #publish(
    session: SftpSession,
    temporary: string,
    key: string,
    work: string,
    traits: FileTraits,
  ): Promise<void> {
    const path = this.pathOf(key);
    const marks = this.#marksOf(workHolding(temporary)!);
    const name = nameOf(temporary);
    await marks.add(session, { key, temporary: name, work }, traits);
    try {
      // Others than OpenSSH may replace what is there.
      if (!session.has("hardlink@openssh.com") && (await session.lstat(path)) !== undefined) {
        throw existsAlready(this.location, key);
      }
      await inFolderOf(session, path, () => session.rename(this.pathOf(temporary), path));
    } catch (error) {
      if (session.isOver) throw error;
      if ((await session.lstat(path)) === undefined) throw error;
      // Where the temporary name is gone, an earlier request has done it, whose answer was lost.
      if ((await session.lstat(this.pathOf(temporary))) !== undefined) {
        await marks.withdraw(session, key, name);
        throw existsAlready(this.location, key, error);
      }
    }
    await syncFolder(session, dirname(path));
  }

  async #replace(session: SftpSession, from: string, to: string): Promise<void> {
    if (session.has("posix-rename@openssh.com")) return await session.replace(from, to);
    await session.remove(to);
    await session.rename(from, to);
  }

  #asking<R>(doing: string, key: string, ask: (session: SftpSession) => Promise<R>): Promise<R> {
    return this.link.use(doing, key === "" ? this.location : `${this.location}/${key}`, ask);
  }
}

/** A name that nobody has used before: what a connection that broke did not carry out may be carried out later. */
function temporaryKey(work: string, key: string): string {
  // What lies in the folder of a work is written there, whoever writes it.
  const holder = workHolding(key) ?? work;
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return `${workFolder(holder)}/new-${hash}-${randomBytes(8).toString("hex")}`;
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** The work in whose folder a key lies. */
export function workHolding(key: string): string | undefined {
  return key.startsWith(WORK_PREFIX) ? key.slice(WORK_PREFIX.length).split("/")[0] : undefined;
}

function isWorkFolder(key: string): boolean {
  return key.startsWith(WORK_PREFIX) && !key.includes("/");
}

function isRecord(key: string): boolean {
  const work = workHolding(key);
  return work !== undefined && key === recordKey(work);
}

function isMarksFile(key: string): boolean {
  const work = workHolding(key);
  return work !== undefined && key === `${workFolder(work)}/${MARKS}`;
}

function versionOf({ size, mtime }: { readonly size: number; readonly mtime: number }): string {
  return `${size}-${mtime}`;
}

function existsAlready(location: string, key: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "EXISTS",
    message: `"${location}/${key}" exists already`,
    object: `${location}/${key}`,
    hint: "choose another name; nothing is ever overwritten",
    ...(cause === undefined ? {} : { cause }),
  });
}

function incomplete(doing: string, came: number, wanted: number): BackupError {
  return new BackupError({
    code: "IO",
    message: `${doing} failed: ${came} of ${wanted} bytes came`,
    hint: "run again; if it stays so, somebody else changes the file, or the server's disk is full",
    retry: "maybe",
  });
}

function changedMeanwhile(): BackupError {
  return new BackupError({
    code: "IO",
    message: "reading failed: the file is another one than the one that was opened",
    hint: "somebody replaced it meanwhile; run again",
  });
}
