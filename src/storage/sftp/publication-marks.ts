import { isSafeComponent } from "../../core/safe-path.ts";
import { WORK_PREFIX } from "../object/work-record.ts";
import { inFolderOf, withHandle } from "./remote-files.ts";
import type { RemoteHandle, SftpSession } from "./sftp-session.ts";

/** What tells of a file whether it is the one that was written. */
export interface FileTraits {
  readonly size: number;
  /** Seconds. */
  readonly mtime: number;
}

/** A line of the marks. */
interface Mark extends FileTraits {
  readonly key: string;
  /** Name of the file in the work's folder that is about to become the object. */
  readonly temporary: string;
  /** Who writes it: most often the work itself. */
  readonly work: string;
  /** The name was taken, by somebody else's object. */
  readonly isWithdrawn?: boolean;
}

/** Sorts before the names of temporary files: a sweep that dies has removed the marks first. */
export const MARKS = "marks";
/** A million objects or so; with more, a sweep knows of none of them, and leaves them. */
const MAX_MARKS_BYTES = 256 * 1024 * 1024;

/** The folder of a work, below that of the repository. */
export function workFolder(work: string): string {
  return `${WORK_PREFIX}${work}`;
}

/**
 * What a work is about to publish: files on a server have no place to write down who made them. Before an object gets its
 * name, by a rename that takes away its temporary one, a line of a file below `.tmp-<work>/` says so. An object is the work's
 * when a line names it, the temporary name is gone, and size and time are those of the line.
 */
export class PublicationMarks {
  readonly #pathOf: (name: string) => string;
  #marks = new Map<string, Mark[]>();
  #isRead = false;
  readonly #unwritten = new Set<Mark>();
  #open: { readonly session: SftpSession; readonly handle: RemoteHandle; size: number } | undefined;
  #lastLine: Promise<void> = Promise.resolve();

  /** @param pathOf the path of a file in the work's folder */
  constructor(pathOf: (name: string) => string) {
    this.#pathOf = pathOf;
  }

  /** Another process may have added some: they are read again. */
  forget(): void {
    this.#isRead = false;
  }

  /** Says what is about to be published. What was said of the key before stays: it may have happened. */
  async add(
    session: SftpSession,
    { key, temporary, work }: Pick<Mark, "key" | "temporary" | "work">,
    { size, mtime }: FileTraits,
  ): Promise<void> {
    await this.#append(session, { key, temporary, work, size, mtime });
  }

  /** Says that it was not, and removes the temporary file. */
  async withdraw(session: SftpSession, key: string, temporary: string): Promise<void> {
    await this.#append(session, { key, temporary, work: "", size: 0, mtime: 0, isWithdrawn: true });
    await session.remove(this.#pathOf(temporary));
  }

  /** Who wrote an object, if the marks speak of it. */
  async authorOf(session: SftpSession, key: string, found: FileTraits): Promise<string | undefined> {
    if (!this.#isRead) await this.#read(session);
    for (const { temporary, size, mtime, work } of this.#marks.get(key) ?? []) {
      if (size !== found.size || mtime !== found.mtime) continue;
      if ((await session.lstat(this.#pathOf(temporary))) === undefined) return work;
    }
    return undefined;
  }

  /** Whether a temporary file may have become an object. */
  async knows(session: SftpSession, key: string, temporary: string): Promise<boolean> {
    if (!this.#isRead) await this.#read(session);
    return this.#marks.get(key)?.some((mark) => mark.temporary === temporary) === true;
  }

  /** One after another. */
  #append(session: SftpSession, mark: Mark): Promise<void> {
    this.#take(mark);
    this.#unwritten.add(mark);
    const appended = this.#lastLine.then(async () => {
      const open = await this.#opened(session);
      const line = Buffer.from(`${JSON.stringify(mark)}\n`);
      await session.write(open.handle, line, open.size);
      open.size += line.length;
      this.#unwritten.delete(mark);
    });
    this.#lastLine = appended.catch(() => {}); // Whoever asked for it is told.
    return appended;
  }

  async #opened(session: SftpSession) {
    if (this.#open?.session === session) return this.#open;
    const path = this.#pathOf(MARKS);
    const handle = await inFolderOf(session, path, () => session.openForAppending(path));
    const { size } = await session.fstat(handle);
    this.#open = { session, handle, size };
    // The last line may be torn, and must not be joined to the next.
    if (size > 0) await session.write(handle, Buffer.from("\n"), this.#open.size++);
    return this.#open;
  }

  /** Closes the file. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) await open.session.close(open.handle).catch(() => {}); // All of it was acknowledged.
  }

  #take(mark: Mark): void {
    const marks = this.#marks.get(mark.key) ?? [];
    if (mark.isWithdrawn === true) {
      this.#marks.set(
        mark.key,
        marks.filter(({ temporary }) => temporary !== mark.temporary),
      );
    } else this.#marks.set(mark.key, [...marks, mark]);
  }

  async #read(session: SftpSession): Promise<void> {
    const lines: Mark[] = [];
    const path = this.#pathOf(MARKS);
    const found = await session.lstat(path);
    if (found?.isFile() === true && found.size <= MAX_MARKS_BYTES) {
      const bytes = Buffer.alloc(found.size);
      const handle = await session.openForReading(path);
      const length = await withHandle(session, handle, () => session.read(handle, bytes, 0));
      // A last line that is not whole was never acted upon.
      for (const line of bytes.toString("utf8", 0, length).split("\n").slice(0, -1)) {
        const mark = parseMark(line);
        if (mark !== undefined) lines.push(mark);
      }
    }
    this.#marks = new Map();
    for (const mark of [...lines, ...this.#unwritten]) this.#take(mark);
    this.#isRead = true;
  }
}

function parseMark(line: string): Mark | undefined {
  try {
    const mark = JSON.parse(line) as Mark;
    const isMark = typeof mark.key === "string" && typeof mark.work === "string" && isSafeComponent(mark.temporary);
    return isMark ? mark : undefined;
  } catch {
    return undefined;
  }
}
