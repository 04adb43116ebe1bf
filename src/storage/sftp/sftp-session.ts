import type { Socket } from "node:net";
import type { Attributes, FileSystemState, FolderEntry, Sftp } from "ssh2";
import { BytePermits } from "../object/byte-permits.ts";
import { hasStatus, status } from "./sftp-error.ts";

/** What one request writes or reads: servers take up to 256 KiB, and those that take less get it in pieces. */
const PIECE_BYTES = 128 * 1024;
/** Bytes on their way in each direction: what is sent and not acknowledged, what is asked for and not there. */
const FLYING_BYTES = 4 * 1024 * 1024;

const flags = { read: 0x01, write: 0x02, append: 0x04, create: 0x08, exclusive: 0x20 } as const;
/** What we make is for its owner alone: it holds all that a database knows. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Extensions of the protocol that OpenSSH has, and others took over; source: PROTOCOL of OpenSSH, section 4. */
export type Extension =
  | "fsync@openssh.com"
  | "hardlink@openssh.com"
  | "posix-rename@openssh.com"
  | "statvfs@openssh.com";

/** An open file on the server. */
export type RemoteHandle = Buffer;

/**
 * One connection, its requests as promises. Errors are the library's: with the server's code, or without one when the
 * connection broke.
 */
export class SftpSession {
  readonly #sftp: Sftp;
  readonly #socket: Socket;
  readonly #writing = new BytePermits(FLYING_BYTES);
  readonly #reading = new BytePermits(FLYING_BYTES);
  readonly #waiting = new Set<(error: Error) => void>();
  #end: Error | undefined;

  /** @param socket below it: it keeps the process alive only as long as an answer is waited for */
  constructor(sftp: Sftp, socket: Socket) {
    this.#sftp = sftp;
    this.#socket = socket;
    this.#hold(false);
  }

  /** Whether nothing can be asked any more. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Whether an answer is waited for. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Tells all who wait that no answer comes. Safe to repeat. */
  end(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
    this.#hold(false);
  }

  has(extension: Extension): boolean {
    return Object.hasOwn(this.#sftp._extensions, extension);
  }

  /** Opens for reading; folders too, where the server lets them be opened as files. */
  openForReading(path: string): Promise<RemoteHandle> {
    return this.#ask((done) => this.#sftp.open(path, flags.read, {}, done));
  }

  /** Opens a file that is there. */
  openForWriting(path: string): Promise<RemoteHandle> {
    return this.#ask((done) => this.#sftp.open(path, flags.write, {}, done));
  }

  /** Creates a file that nobody has made before. */
  create(path: string): Promise<RemoteHandle> {
    const how = flags.write | flags.create | flags.exclusive;
    return this.#ask((done) => this.#sftp.open(path, how, { mode: FILE_MODE }, done));
  }

  /** Opens a file to append to, and makes it. */
  openForAppending(path: string): Promise<RemoteHandle> {
    const how = flags.write | flags.create | flags.append;
    return this.#ask((done) => this.#sftp.open(path, how, { mode: FILE_MODE }, done));
  }

  close(handle: RemoteHandle): Promise<void> {
    return this.#ask((done) => this.#sftp.close(handle, (error) => done(error, undefined)));
  }

  /**
   * Writes all of it, in requests that do not wait for each other.
   * @param written places of pieces that the server has: those are left out, and those that arrive are added
   */
  async write(
    handle: RemoteHandle,
    bytes: Uint8Array,
    position: number,
    written: Set<number> = new Set(),
  ): Promise<void> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    await this.#inPieces(buffer.length, this.#writing, async (at, length) => {
      if (written.has(at)) return;
      await this.#ask<void>((done) =>
        this.#sftp.write(handle, buffer, at, length, position + at, (error) => done(error, undefined)),
      );
      written.add(at);
    });
  }

  /** Fills the target from `position` on; answers the count, less only at the end of the file. */
  async read(handle: RemoteHandle, target: Uint8Array, position: number): Promise<number> {
    const buffer = Buffer.from(target.buffer, target.byteOffset, target.length);
    let end = buffer.length;
    await this.#inPieces(buffer.length, this.#reading, async (at, length) => {
      for (let done = 0; done < length; ) {
        const count = await this.#readPiece(handle, buffer, at + done, length - done, position + at + done);
        done += count;
        if (count > 0) continue;
        end = Math.min(end, at + done);
        return;
      }
    });
    return end;
  }

  async #readPiece(
    handle: RemoteHandle,
    target: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    try {
      return await this.#ask<number>((done) => this.#sftp.read(handle, target, offset, length, position, done));
    } catch (error) {
      if (hasStatus(error, status.eof)) return 0;
      throw error;
    }
  }

  /** Waits until all that was begun has ended, so that nobody writes into memory that its owner has back. */
  async #inPieces(
    total: number,
    permits: BytePermits,
    move: (at: number, length: number) => Promise<void>,
  ): Promise<void> {
    const moving: Promise<void>[] = [];
    const failures: unknown[] = [];
    for (let at = 0; at < total && failures.length === 0; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, total - at);
      await permits.take(length);
      moving.push(
        move(at, length)
          .catch((error: unknown) => void failures.push(error))
          .finally(() => permits.give(length)),
      );
    }
    await Promise.all(moving);
    if (failures.length > 0) throw failures[0];
  }

  fstat(handle: RemoteHandle): Promise<Attributes> {
    return this.#ask((done) => this.#sftp.fstat(handle, done));
  }

  /** Undefined when there is nothing of this name. */
  async lstat(path: string): Promise<Attributes | undefined> {
    try {
      return await this.#ask<Attributes>((done) => this.#sftp.lstat(path, done));
    } catch (error) {
      if (hasStatus(error, status.noSuchFile)) return undefined;
      throw error;
    }
  }

  readFolder(path: string): Promise<FolderEntry[]> {
    return this.#ask((done) => this.#sftp.readdir(path, done));
  }

  makeFolder(path: string): Promise<void> {
    return this.#ask((done) => this.#sftp.mkdir(path, { mode: FOLDER_MODE }, (error) => done(error, undefined)));
  }

  removeFolder(path: string): Promise<void> {
    return this.#ask((done) => this.#sftp.rmdir(path, (error) => done(error, undefined)));
  }

  /** Removes a file; a missing one is no error. */
  async remove(path: string): Promise<void> {
    try {
      await this.#ask((done) => this.#sftp.unlink(path, (error) => done(error, undefined)));
    } catch (error) {
      if (!hasStatus(error, status.noSuchFile)) throw error;
    }
  }

  /** Fails when the new name is taken. */
  rename(from: string, to: string): Promise<void> {
    return this.#ask((done) => this.#sftp.rename(from, to, (error) => done(error, undefined)));
  }

  /** Replaces what has the new name. */
  replace(from: string, to: string): Promise<void> {
    return this.#ask((done) => this.#sftp.ext_openssh_rename(from, to, (error) => done(error, undefined)));
  }

  link(from: string, to: string): Promise<void> {
    return this.#ask((done) => this.#sftp.ext_openssh_hardlink(from, to, (error) => done(error, undefined)));
  }

  /** Brings a file to the disk, as far as the server can. */
  async sync(handle: RemoteHandle): Promise<void> {
    if (!this.has("fsync@openssh.com")) return;
    await this.#ask((done) => this.#sftp.ext_openssh_fsync(handle, (error) => done(error, undefined)));
  }

  fileSystem(path: string): Promise<FileSystemState> {
    return this.#ask((done) => this.#sftp.ext_openssh_statvfs(path, done));
  }

  /** Whether the process stays for the socket. One that is closed would wait until it is open again. */
  #hold(wanted: boolean): void {
    if (this.#socket.destroyed) return;
    if (wanted) this.#socket.ref();
    else this.#socket.unref();
  }

  #ask<T>(request: (done: (error: Error | null | undefined, answer: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      if (this.#waiting.size === 0) this.#hold(true);
      this.#waiting.add(reject);
      const done = (error: Error | null | undefined, answer: T): void => {
        this.#waiting.delete(reject);
        if (this.#waiting.size === 0) this.#hold(false);
        if (error) reject(error);
        else resolve(answer);
      };
      try {
        request(done);
      } catch (error) {
        done(error as Error, undefined as T);
      }
    });
  }
}
