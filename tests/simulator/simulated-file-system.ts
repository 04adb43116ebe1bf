import crypto from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import sqlite from "node:sqlite";
import timers from "node:timers/promises";
import { type FileNode, type FolderNode, failed, type Node, SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedProcess, SimulatedWorld } from "./simulated-world.ts";

/** What paths of the simulated disk begin with; then comes the name of the process that asks. */
const PREFIX = "/simulated/";
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;

/** Faults of the machine itself, with which a test sees whether it would find those of the program that come to the same. */
export interface BrokenMachine {
  /** fsync of files, or of folders, says that it is done, and does nothing. */
  readonly forgetsSync?: "file" | "folder";
  /** Nobody sees the locks of others. */
  readonly hidesLocks?: boolean;
  /** Its file system has none, and says so. */
  readonly hasNoLocks?: boolean;
}

type Functions = Record<string, (...args: never[]) => unknown>;

/**
 * A disk that several processes of a world share, below paths that begin with the name of each. The file system, locks, timers, the time and
 * random bytes of this process are replaced until it is disposed of; other paths reach the real disk.
 */
export class SimulatedFileSystem implements Disposable {
  readonly disk: SimulatedDisk;
  readonly #world: SimulatedWorld;
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #restore: (() => void)[] = [];
  readonly #broken: BrokenMachine;
  #boot = 1;

  constructor(world: SimulatedWorld, broken: BrokenMachine = {}) {
    this.#world = world;
    this.#broken = broken;
    this.disk = new SimulatedDisk(() => world.now);
    this.#install();
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore.toReversed()) restore();
    syncBuiltinESMExports();
  }

  /** A process that uses the disk; its paths begin with what `pathOf` gives. */
  process(name: string): SimulatedProcess {
    const process = { name, isAlive: true };
    this.#processes.set(name, process);
    return process;
  }

  pathOf({ name }: SimulatedProcess, path: string): string {
    return `${PREFIX}${name}/${path}`;
  }

  /** The machine stops, and starts again. */
  crash(loss: "last" | "any"): void {
    for (const process of this.#processes.values()) if (process.isAlive) this.#world.kill(process);
    this.disk.crash(this.#world.random, loss);
    this.#boot++;
  }

  /** Locks go with their process. */
  releaseLocks(folder: FolderNode = this.disk.root): void {
    for (const node of folder.entries.values()) {
      if (node.kind === "folder") this.releaseLocks(node);
      else if (node.lockedBy !== undefined && !(node.lockedBy as SimulatedProcess).isAlive) node.lockedBy = undefined;
    }
  }

  #locate(path: unknown): { readonly process: SimulatedProcess; readonly parts: string[] } | undefined {
    if (typeof path !== "string" || !path.startsWith(PREFIX)) return undefined;
    const [name, ...parts] = path.slice(PREFIX.length).split("/").filter(Boolean);
    const process = this.#processes.get(name ?? "");
    return process === undefined ? undefined : { process, parts };
  }

  #install(): void {
    const { disk } = this;
    const on = (name: string, act: (parts: string[], process: SimulatedProcess, args: unknown[]) => unknown): void => {
      this.#replace(fs.promises as unknown as Functions, name, (original) => (...args: unknown[]) => {
        const place = this.#locate(args[0]);
        if (place === undefined) return original(...(args as never[]));
        const target = this.#locate(args[1]);
        const what = [name, place.parts.join("/"), ...(target === undefined ? [] : [target.parts.join("/")])].join(" ");
        return this.#world.call(place.process, what, () => act(place.parts, place.process, args));
      });
    };
    const other = (path: unknown): string[] => this.#locate(path)!.parts;
    on("lstat", (parts, _, [, options]) => statsOf(disk.find(parts), isBig(options)));
    // What does not wait happens between two steps of others, and does not fail.
    this.#replace(fs as unknown as Functions, "lstatSync", (original) => (...args: unknown[]) => {
      const place = this.#locate(args[0]);
      if (place === undefined) return original(...(args as never[]));
      return statsOrNothing(() => statsOf(disk.find(place.parts), false));
    });
    on("stat", (parts, _, [, options]) => statsOf(disk.find(parts), isBig(options)));
    on("readdir", (parts, _, [, options]) => {
      const { entries } = disk.folder(parts);
      const withTypes = (options as { withFileTypes?: boolean } | undefined)?.withFileTypes === true;
      return withTypes ? [...entries].map(([name, node]) => ({ name, ...typeOf(node) })) : [...entries.keys()];
    });
    // Read as it was when it was opened, as the entries of a small folder are.
    on("opendir", (parts) => {
      const entries = [...disk.folder(parts).entries].map(([name, node]) => ({ name, ...typeOf(node) })).values();
      return { readSync: () => entries.next().value ?? null, [Symbol.asyncDispose]: async () => {} };
    });
    on("realpath", (parts, _, [path]) => {
      disk.find(parts);
      return path;
    });
    on("rmdir", (parts) => disk.removeFolder(parts));
    on("unlink", (parts) => disk.unlink(parts));
    on("mkdir", (parts, _, [, options]) => this.#makeFolder(parts, options));
    on("rm", (parts) => {
      if (this.#existing(parts) !== undefined) disk.unlink(parts);
    });
    on("writeFile", (parts, _, [, text, options]) => {
      if ((options as { readonly flag?: string }).flag !== "a") throw new Error("only to append is simulated");
      const node = this.#existing(parts) ?? disk.makeFile(parts);
      if (node.kind === "folder") throw failed("EISDIR");
      disk.write(node, Buffer.from(text as string), node.bytes.length);
    });
    this.#replace(fs as unknown as Functions, "existsSync", (original) => (...args: unknown[]) => {
      const place = this.#locate(args[0]);
      return place === undefined ? original(...(args as never[])) : this.#existing(place.parts) !== undefined;
    });
    on("chmod", (parts) => void disk.find(parts));
    on("link", (parts, _, [, to]) => disk.link(parts, other(to)));
    on("rename", (parts, _, [, to]) => disk.rename(parts, other(to)));
    on("statfs", () => ({ bavail: 1e9, bsize: 4096 }));
    on("utimes", (parts, _, [, , modified]) => {
      disk.find(parts).modified = (modified as Date).getTime();
    });
    on("readFile", (parts, _, [, encoding]) => {
      const { bytes } = disk.file(parts);
      return encoding === undefined ? Buffer.from(bytes) : bytes.toString("utf8");
    });
    on("open", (parts, process, [, flags]) => new SimulatedHandle(this, this.#opened(parts, flags), process, parts));
    this.#replace(fs.promises as unknown as Functions, "readFile", (original) => (...args: unknown[]) => {
      if (args[0] === BOOT_ID) return Promise.resolve(`boot ${this.#boot}\n`);
      return original(...(args as never[]));
    });
    this.#installLocks();
    this.#installTime();
    this.#replace(Math as unknown as Functions, "random", () => () => this.#world.random());
    this.#replace(crypto as unknown as Functions, "randomBytes", () => (count: number) => {
      return Buffer.from(Array.from({ length: count }, () => this.#world.below(256)));
    });
    syncBuiltinESMExports();
  }

  #makeFolder(parts: string[], options: unknown): void {
    if ((options as { recursive?: boolean } | undefined)?.recursive !== true) {
      this.disk.makeFolder(parts);
      return;
    }
    for (let length = 1; length <= parts.length; length++) {
      const folder = parts.slice(0, length);
      if (this.#existing(folder) === undefined) this.disk.makeFolder(folder);
    }
  }

  #opened(parts: string[], flags: unknown): FileNode | FolderNode {
    const { O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_WRONLY, O_RDWR } = fs.constants;
    const bits = flags === "a" ? O_WRONLY | O_CREAT : flags === "r" ? 0 : (flags as number);
    if ((bits & O_DIRECTORY) !== 0) return this.disk.folder(parts);
    if ((bits & O_EXCL) !== 0) return this.disk.makeFile(parts);
    const node = this.#existing(parts);
    if (node === undefined) {
      if ((bits & O_CREAT) !== 0) return this.disk.makeFile(parts);
      throw failed("ENOENT");
    }
    if (node.kind === "folder" && (bits & (O_WRONLY | O_RDWR)) !== 0) throw failed("EISDIR");
    if (node.kind === "file" && (bits & O_TRUNC) !== 0) this.disk.truncate(node, 0);
    return node;
  }

  #existing(parts: string[]): Node | undefined {
    try {
      return this.disk.find(parts);
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** What liveness-lock.ts asks of SQLite: a lock on a file that dies with the process. Its calls wait for nothing. */
  #installLocks(): void {
    const locate = (path: string) => this.#locate(path);
    const { disk } = this;
    const release = () => this.releaseLocks();
    const existing = (parts: string[]) => this.#existing(parts);
    const { hidesLocks = false, hasNoLocks = false } = this.#broken;
    this.#replace(sqlite as unknown as Functions, "DatabaseSync", (original) => {
      const Real = original as unknown as new (path: string, options?: object) => object;
      return class {
        readonly #node: FileNode | undefined;
        readonly #process: SimulatedProcess | undefined;
        #holds = false;
        constructor(path: string, options: { readonly readOnly?: boolean } = {}) {
          const place = locate(path);
          // biome-ignore lint/correctness/noConstructorReturn: of other files it is the real one
          if (place === undefined) return new Real(path, options) as never;
          this.#process = place.process;
          release();
          const node = existing(place.parts);
          if (node?.kind === "folder" || (node === undefined && options.readOnly === true)) throw sqliteError(14);
          try {
            this.#node = node ?? disk.makeFile(place.parts);
          } catch {
            throw sqliteError(14);
          }
        }
        exec(): void {
          this.#refuseBusy();
          this.#node!.lockedBy = this.#process;
          this.#holds = true;
        }
        prepare(): { get(): void } {
          return { get: () => this.#refuseBusy() };
        }
        close(): void {
          if (this.#holds) this.#node!.lockedBy = undefined;
          this.#holds = false;
        }
        #refuseBusy(): void {
          if (hasNoLocks) throw sqliteError(SQLITE_IOERR);
          if (this.#node!.lockedBy !== undefined && !hidesLocks) throw sqliteError(SQLITE_BUSY);
        }
      } as never;
    });
  }

  #installTime(): void {
    const world = this.#world;
    this.#replace(globalThis as unknown as Functions, "Date", () => simulatedDate(world) as never);
    const timeout = (run: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) =>
      timerOf(world.after(milliseconds, () => run(...args)));
    this.#replace(globalThis as unknown as Functions, "setTimeout", () => timeout as never);
    // Signs of life: nobody here is silent for so long that they matter, and nothing waits for them.
    this.#replace(globalThis as unknown as Functions, "setInterval", () => (() => timerOf(() => {})) as never);
    for (const name of ["clearTimeout", "clearInterval"]) {
      this.#replace(globalThis as unknown as Functions, name, (original) => (timer: unknown) => {
        const stop = (timer as { simulatedStop?: () => void } | undefined)?.simulatedStop;
        return stop === undefined ? original(timer as never) : stop();
      });
    }
    this.#replace(timers as unknown as Functions, "setTimeout", () => (milliseconds: number, value: unknown) => {
      return new Promise((resolve) => {
        world.after(milliseconds, () => resolve(value));
      });
    });
  }

  #replace(owner: Functions, name: string, by: (original: (...args: never[]) => unknown) => unknown): void {
    const original = owner[name]!;
    owner[name] = by(name === "DatabaseSync" ? original : original.bind(owner)) as never;
    this.#restore.push(() => {
      owner[name] = original;
    });
  }

  /** @internal */
  call<R>(process: SimulatedProcess, what: string, run: () => R): Promise<R> {
    return this.#world.call(process, what, run);
  }

  /** @internal */
  sync(node: FileNode | FolderNode): void {
    if (node.kind === this.#broken.forgetsSync) return;
    if (node.kind === "folder") this.disk.syncFolder(node);
    else this.disk.syncFile(node);
  }

  /** Of a write: now and then less is written than was given. @internal */
  shortened(count: number): number {
    return count > 1 && this.#world.isChance(0.05) ? 1 + this.#world.below(count - 1) : count;
  }
}

/** An open file or folder, as much of a FileHandle as storage uses. */
class SimulatedHandle {
  readonly fd = -1;
  readonly #system: SimulatedFileSystem;
  readonly #node: FileNode | FolderNode;
  readonly #process: SimulatedProcess;
  readonly #path: string;

  constructor(system: SimulatedFileSystem, node: FileNode | FolderNode, process: SimulatedProcess, parts: string[]) {
    this.#system = system;
    this.#node = node;
    this.#process = process;
    this.#path = parts.join("/");
  }

  get #file(): FileNode {
    if (this.#node.kind === "folder") throw failed("EISDIR");
    return this.#node;
  }

  #call<R>(what: string, run: () => R): Promise<R> {
    return this.#system.call(this.#process, `${what} ${this.#path}`, run);
  }

  write(bytes: Uint8Array, from: number, count: number, position: number) {
    return this.#call("write", () => {
      const bytesWritten = this.#system.shortened(count);
      this.#system.disk.write(this.#file, bytes.subarray(from, from + bytesWritten), position);
      return { bytesWritten, buffer: bytes };
    });
  }

  appendFile(text: string | Uint8Array) {
    return this.#call("append", () => this.#system.disk.write(this.#file, Buffer.from(text), this.#file.bytes.length));
  }

  writeFile(text: string | Uint8Array) {
    return this.appendFile(text);
  }

  read(target: Uint8Array, from: number, count: number, position: number) {
    return this.#call("read", () => {
      const piece = this.#file.bytes.subarray(position, position + count);
      target.set(piece, from);
      return { bytesRead: piece.length, buffer: target };
    });
  }

  stat(options?: unknown) {
    return this.#call("fstat", () => statsOf(this.#node, isBig(options)));
  }

  sync() {
    return this.#call("fsync", () => this.#system.sync(this.#node));
  }

  datasync() {
    return this.sync();
  }

  truncate(size: number) {
    return this.#call("truncate", () => this.#system.disk.truncate(this.#file, size));
  }

  chmod() {
    return this.#call("fchmod", () => {});
  }

  async *readLines(): AsyncGenerator<string> {
    const text = await this.#call("read", () => this.#file.bytes.toString("utf8"));
    yield* text.split("\n");
  }

  close() {
    return this.#call("close", () => {});
  }
}

/** Without arguments it is the time of the world. */
function simulatedDate(world: SimulatedWorld): DateConstructor {
  const Real = Date;
  class SimulatedDate extends Real {
    constructor(...args: [] | [number | string | Date]) {
      super(args.length === 0 ? world.now : args[0]);
    }

    static override now(): number {
      return world.now;
    }
  }
  return SimulatedDate as unknown as DateConstructor;
}

function timerOf(simulatedStop: () => void) {
  const timer = { simulatedStop, ref: () => timer, unref: () => timer, hasRef: () => false };
  return timer;
}

function sqliteError(errcode: number): Error {
  return Object.assign(new Error("simulated"), { code: "ERR_SQLITE_ERROR", errcode });
}

function isBig(options: unknown): boolean {
  return (options as { bigint?: boolean } | undefined)?.bigint === true;
}

function typeOf(node: Node) {
  return { isFile: () => node.kind === "file", isDirectory: () => node.kind === "folder" };
}

/** As with `throwIfNoEntry: false`. */
function statsOrNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function statsOf(node: Node, big: boolean) {
  const size = node.kind === "file" ? node.bytes.length : 0;
  const times = { mtime: new Date(node.modified), ...typeOf(node) };
  if (!big) return { ...times, size, ino: node.inode, mtimeMs: node.modified };
  return { ...times, size: BigInt(size), ino: BigInt(node.inode), mtimeNs: BigInt(node.modified) * 1_000_000n };
}
