import { KEY_FILE_MARK } from "../../core/encrypted-file.ts";
import type { KeyFileBytes } from "../../ports/encryption.ts";
import type { NamedFile } from "../../ports/named-file.ts";
import type { OpenedObject, Storage } from "../../ports/storage.ts";

/** A key file longer than any that is written is read so far, which shows it. */
const MAX_BYTES = 70_000;
/** As many of one encrypted file are looked at, the newest by their names. */
const MAX_FILES = 100;

/** A stored file as somebody finds it who looks for the key files beside it. */
export interface StoredFile {
  /** A path or URL. */
  readonly location: string;
  /** @throws BackupError IO */
  keyFiles(): Promise<readonly KeyFileBytes[]>;
}

/** A file whose key files are to be read. */
export interface KeyFile {
  readonly name: string;
  open(): Promise<OpenedObject>;
}

export function fileInRepository(storage: Storage, key: string): StoredFile {
  return {
    location: `${storage.location}/${key}`,
    keyFiles: async () => {
      const found: KeyFile[] = [];
      for await (const { key: name } of storage.list(`${key}${KEY_FILE_MARK}`)) {
        found.push({ name, open: () => storage.open(name) });
      }
      return await readKeyFiles(found);
    },
  };
}

export function namedStoredFile(file: NamedFile): StoredFile {
  return {
    location: file.path,
    keyFiles: async () => await readKeyFiles(await file.allBeside(`${file.name}${KEY_FILE_MARK}`)),
  };
}

/** The key files of each file of a folder, which is listed once. */
export class KeyFilesOfFolder {
  readonly #names: () => Promise<Iterable<string>>;
  readonly #open: (name: string) => Promise<OpenedObject>;
  #found: Promise<ReadonlyMap<string, readonly KeyFile[]>> | undefined;

  constructor(names: () => Promise<Iterable<string>>, open: (name: string) => Promise<OpenedObject>) {
    this.#names = names;
    this.#open = open;
  }

  async of(name: string): Promise<readonly KeyFileBytes[]> {
    this.#found ??= this.#list();
    return await readKeyFiles((await this.#found).get(name) ?? []);
  }

  async #list(): Promise<ReadonlyMap<string, readonly KeyFile[]>> {
    const found = new Map<string, KeyFile[]>();
    for (const name of await this.#names()) {
      const at = name.lastIndexOf(KEY_FILE_MARK);
      if (at < 0) continue;
      const files = found.get(name.slice(0, at)) ?? [];
      files.push({ name, open: () => this.#open(name) });
      found.set(name.slice(0, at), files);
    }
    return found;
  }
}

async function readKeyFiles(files: readonly KeyFile[]): Promise<readonly KeyFileBytes[]> {
  const newest = files.toSorted((a, b) => (a.name < b.name ? 1 : -1)).slice(0, MAX_FILES);
  const read: KeyFileBytes[] = [];
  for (const { name, open } of newest) {
    const object = await open();
    try {
      const bytes = Buffer.alloc(Math.min(MAX_BYTES, object.size));
      read.push({ name, bytes: bytes.subarray(0, await object.readAt(0, bytes)) });
    } finally {
      await object.close();
    }
  }
  return read;
}
