/** What lies on a disk: a file or a folder. */
export type Node = FileNode | FolderNode;

export interface FileNode {
  readonly kind: "file";
  readonly inode: number;
  bytes: Buffer;
  /** What a crash of the machine cannot take away. */
  durable: Buffer;
  modified: number;
  /** Who holds its lock. */
  lockedBy: object | undefined;
}

export interface FolderNode {
  readonly kind: "folder";
  readonly inode: number;
  readonly entries: Map<string, Node>;
  modified: number;
}

/** A change of names that a crash may undo, as a whole. */
interface NameChange {
  readonly changes: readonly { readonly folder: FolderNode; readonly name: string; readonly node: Node | undefined }[];
  isDurable: boolean;
}

/** What a crash of the machine does to changes of names that nobody has synced. */
export type NameLoss =
  /** The last ones are gone: file systems with one journal. */
  | "last"
  /** Any of them may be gone. */
  | "any";

/**
 * A file system in memory. As POSIX has it, bytes are durable after fsync of the file, and names after fsync of the folder; all others a
 * crash of the machine may take away, or a part of them.
 */
export class SimulatedDisk {
  readonly root: FolderNode;
  readonly #now: () => number;
  #inodes = 1;
  /** Since the disk was made, of those that matter. */
  #log: NameChange[] = [];
  /** Names of all folders as they are without the changes of the log: none, of one that was made since. */
  readonly #base = new Map<FolderNode, Map<string, Node>>();

  constructor(now: () => number) {
    this.#now = now;
    this.root = this.#newFolder();
  }

  find(path: readonly string[]): Node {
    let node: Node = this.root;
    for (const name of path) {
      if (node.kind !== "folder") throw failed("ENOTDIR");
      const next: Node | undefined = node.entries.get(name);
      if (next === undefined) throw failed("ENOENT");
      node = next;
    }
    return node;
  }

  file(path: readonly string[]): FileNode {
    const node = this.find(path);
    if (node.kind === "folder") throw failed("EISDIR");
    return node;
  }

  folder(path: readonly string[]): FolderNode {
    const node = this.find(path);
    if (node.kind === "file") throw failed("ENOTDIR");
    return node;
  }

  makeFolder(path: readonly string[]): void {
    const { folder, name } = this.#placeOf(path);
    if (folder.entries.has(name)) throw failed("EEXIST");
    this.#change([{ folder, name, node: this.#newFolder() }]);
  }

  makeFile(path: readonly string[]): FileNode {
    const { folder, name } = this.#placeOf(path);
    if (folder.entries.has(name)) throw failed("EEXIST");
    const node: FileNode = {
      kind: "file",
      inode: this.#inodes++,
      bytes: Buffer.alloc(0),
      durable: Buffer.alloc(0),
      modified: this.#now(),
      lockedBy: undefined,
    };
    this.#change([{ folder, name, node }]);
    return node;
  }

  link(from: readonly string[], to: readonly string[]): void {
    const node = this.file(from);
    const { folder, name } = this.#placeOf(to);
    if (folder.entries.has(name)) throw failed("EEXIST");
    this.#change([{ folder, name, node }]);
  }

  unlink(path: readonly string[]): void {
    this.file(path);
    this.#change([{ ...this.#placeOf(path), node: undefined }]);
  }

  removeFolder(path: readonly string[]): void {
    if (this.folder(path).entries.size > 0) throw failed("ENOTEMPTY");
    this.#change([{ ...this.#placeOf(path), node: undefined }]);
  }

  rename(from: readonly string[], to: readonly string[]): void {
    const node = this.find(from);
    const target = this.#placeOf(to);
    const there = target.folder.entries.get(target.name);
    if (there !== undefined) {
      if (node.kind === "folder" && there.kind === "file") throw failed("ENOTDIR");
      if (node.kind === "file" && there.kind === "folder") throw failed("EISDIR");
      if (there.kind === "folder" && there.entries.size > 0) throw failed("ENOTEMPTY");
    }
    this.#change([
      { ...this.#placeOf(from), node: undefined },
      { ...target, node },
    ]);
  }

  write(file: FileNode, bytes: Uint8Array, position: number): void {
    if (position + bytes.length > file.bytes.length) {
      const longer = Buffer.alloc(position + bytes.length);
      file.bytes.copy(longer);
      file.bytes = longer;
    } else file.bytes = Buffer.from(file.bytes);
    file.bytes.set(bytes, position);
    file.modified = this.#now();
  }

  truncate(file: FileNode, size: number): void {
    file.bytes = Buffer.from(file.bytes.subarray(0, size));
    file.modified = this.#now();
  }

  syncFile(file: FileNode): void {
    file.durable = file.bytes;
  }

  syncFolder(folder: FolderNode): void {
    for (const change of this.#log) {
      if (change.changes.some((one) => one.folder === folder)) change.isDurable = true;
    }
    this.#forgetDurable();
  }

  /** The machine stops: what nobody synced is lost, all of it or in part. */
  crash(random: () => number, loss: NameLoss): void {
    const share = random();
    const reached = Math.floor(random() * (this.#log.length + 1));
    for (const [at, change] of this.#log.entries()) {
      // A journal that has a change has all before it.
      if (loss === "last") change.isDurable = at < reached || this.#log.slice(at).some((later) => later.isDurable);
      else change.isDurable ||= random() < share;
    }
    const kept = this.#log.filter(({ isDurable }) => isDurable);
    for (const [folder, names] of this.#base) {
      folder.entries.clear();
      for (const [name, node] of names) folder.entries.set(name, node);
    }
    this.#log = [];
    for (const { changes } of kept) this.#apply(changes, "entries");
    for (const { changes } of kept) this.#apply(changes, "base");
    this.#loseBytes(this.root, random, new Set());
  }

  /** All paths of files, with slashes, below a folder. */
  paths(folder: FolderNode = this.root, prefix = ""): string[] {
    return [...folder.entries].flatMap(([name, node]) =>
      node.kind === "file" ? [prefix + name] : [`${prefix}${name}/`, ...this.paths(node, `${prefix}${name}/`)],
    );
  }

  #loseBytes(folder: FolderNode, random: () => number, seen: Set<Node>): void {
    for (const node of folder.entries.values()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (node.kind === "folder") {
        this.#loseBytes(node, random, seen);
        continue;
      }
      node.lockedBy = undefined;
      if (node.bytes === node.durable) continue;
      node.bytes = afterCrash(node, random);
      node.durable = node.bytes;
    }
  }

  #placeOf(path: readonly string[]): { readonly folder: FolderNode; readonly name: string } {
    return { folder: this.folder(path.slice(0, -1)), name: path.at(-1)! };
  }

  #newFolder(): FolderNode {
    const folder: FolderNode = { kind: "folder", inode: this.#inodes++, entries: new Map(), modified: this.#now() };
    this.#base.set(folder, new Map());
    return folder;
  }

  #change(changes: NameChange["changes"]): void {
    this.#apply(changes, "entries");
    this.#log.push({ changes, isDurable: false });
  }

  #apply(changes: NameChange["changes"], to: "entries" | "base"): void {
    for (const { folder, name, node } of changes) {
      const names = to === "entries" ? folder.entries : this.#base.get(folder)!;
      if (node === undefined) names.delete(name);
      else names.set(name, node);
      if (to === "entries") folder.modified = this.#now();
    }
  }

  /** Those at the beginning of the log are never looked at again. */
  #forgetDurable(): void {
    const first = this.#log.findIndex(({ isDurable }) => !isDurable);
    const over = first < 0 ? this.#log.splice(0) : this.#log.splice(0, first);
    for (const { changes } of over) this.#apply(changes, "base");
  }
}

/** What is left of a file: what was durable, unless it was written over, and behind it all, nothing, a part or zeros. */
function afterCrash({ bytes, durable }: FileNode, random: () => number): Buffer {
  const kept = bytes.subarray(0, durable.length).equals(durable) ? durable.length : 0;
  const fate = random();
  if (fate < 0.4) return durable;
  if (fate < 0.6) return Buffer.from(bytes.subarray(0, kept + Math.floor(random() * (bytes.length - kept))));
  // Length without contents, as file systems that allocate late have it.
  return fate < 0.8 ? Buffer.concat([bytes.subarray(0, kept), Buffer.alloc(bytes.length - kept)]) : bytes;
}

/** A failed system call. */
export function failed(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
