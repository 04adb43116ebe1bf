import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isSafeComponent } from "../../core/safe-path.ts";
import type { DiscardableFile, OpenedObject, ResumedFolder } from "../../ports/storage.ts";
import { ioError } from "./io-error.ts";
import { type FolderPlace, LocalPendingFolder } from "./local-pending-folder.ts";
import { OpenedFile } from "./opened-file.ts";

/** The folder of a work that goes on. */
export class ResumedLocalFolder implements ResumedFolder {
  readonly sizes: ReadonlyMap<string, number>;
  readonly #place: FolderPlace;
  #pending: LocalPendingFolder | undefined;

  private constructor(place: FolderPlace, sizes: ReadonlyMap<string, number>) {
    this.#place = place;
    this.sizes = sizes;
  }

  static async open(place: FolderPlace): Promise<ResumedLocalFolder> {
    const sizes = new Map<string, number>();
    for (const { name } of (await readdir(place.path, { withFileTypes: true })).filter((entry) => entry.isFile())) {
      sizes.set(name, (await lstat(join(place.path, name))).size);
    }
    return new ResumedLocalFolder(place, sizes);
  }

  async open(name: string): Promise<OpenedObject> {
    if (!isSafeComponent(name)) throw new Error(`no safe name: ${JSON.stringify(name)}`);
    return await OpenedFile.open(name, join(this.#place.path, name));
  }

  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    for (const name of this.sizes.keys()) {
      if (names.has(name)) continue;
      const path = join(this.#place.path, name);
      await unlink(path).catch((cause: unknown) => {
        throw ioError("removing", path, cause);
      });
    }
    this.#pending = new LocalPendingFolder(this.#place, names);
  }

  create(name: string): Promise<DiscardableFile> {
    return this.#files.create(name);
  }

  commit(key: string): Promise<void> {
    return this.#files.commit(key);
  }

  async abort(): Promise<void> {
    await this.#pending?.abort();
  }

  get #files(): LocalPendingFolder {
    if (this.#pending === undefined) throw new Error("nobody has said what to keep");
    return this.#pending;
  }
}
