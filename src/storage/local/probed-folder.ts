import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import type { ProbedObject, ProbedPlace } from "../../ports/probed-place.ts";
import type { Storage } from "../../ports/storage.ts";
import { createFile, ensureFolder } from "./durable-file-system.ts";
import { hasCode, ioError, publishingError } from "./io-error.ts";

/** A folder that is tried out. */
export class ProbedFolder implements ProbedPlace {
  readonly location: string;
  readonly isFolder = true;
  readonly #storage: Storage;
  /** When each object was written, by our clock. */
  readonly #written = new Map<string, number>();

  /** @param storage the repository in the folder */
  constructor(storage: Storage) {
    this.location = storage.location;
    this.#storage = storage;
  }

  async create(key: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.location, key);
    try {
      await ensureFolder(dirname(path));
      await using file = await createFile(path);
      await file.writeFile(bytes);
      await file.sync();
      this.#written.set(key, Date.now());
    } catch (cause) {
      throw hasCode(cause, "EEXIST") ? publishingError(path, cause) : ioError("writing", path, cause);
    }
  }

  async replace(key: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.location, key);
    await writeFile(path, bytes).catch((cause: unknown) => {
      throw ioError("writing", path, cause);
    });
  }

  async read(key: string, position: number, target: Uint8Array): Promise<void> {
    const object = await this.#storage.open(key);
    try {
      const count = await object.readAt(position, target);
      if (count === target.length) return;
      throw new BackupError({ code: "IO", message: `only ${count} of ${target.length} bytes are there`, object: key });
    } finally {
      await object.close();
    }
  }

  async look(key: string): Promise<ProbedObject | undefined> {
    return (await this.#storage.stat(key)) && { hasVersions: false };
  }

  remove(key: string): Promise<void> {
    return this.#storage.remove(key);
  }

  /** That of a network file system's server, which says when a file was written. */
  async clockAhead(key: string): Promise<number> {
    const stored = await this.#storage.stat(key);
    const written = this.#written.get(key);
    return stored === undefined || written === undefined ? 0 : stored.modified.getTime() - written;
  }

  freeBytes(): Promise<number | undefined> {
    return this.#storage.freeBytes();
  }
}
