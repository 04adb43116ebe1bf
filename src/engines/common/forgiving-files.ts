import type { BackupFiles } from "../../ports/backup-files.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { ForgivingObject, type Hole } from "./forgiving-object.ts";

/** The files of a damaged backup, read as {@link ForgivingObject} reads them. Keeps the holes of files that have some. */
export class ForgivingFiles implements BackupFiles {
  readonly #files: BackupFiles;
  readonly #holes = new Map<string, readonly Hole[]>();
  #isStrict = false;

  constructor(files: BackupFiles) {
    this.#files = files;
  }

  get sizes(): ReadonlyMap<string, number> {
    return this.#files.sizes;
  }

  /** As {@link ForgivingObject.becomeStrict}. */
  becomeStrict(): void {
    this.#isStrict = true;
  }

  /** Of a file that was opened. */
  holesOf(name: string): readonly Hole[] {
    return this.#holes.get(name) ?? [];
  }

  async open(name: string): Promise<OpenedObject> {
    if (this.#isStrict) return await this.#files.open(name);
    const object = new ForgivingObject(await this.#files.open(name));
    try {
      await object.findHoles();
    } catch (error) {
      await object.close();
      throw error;
    }
    if (object.holes.length > 0) this.#holes.set(name, object.holes);
    return object;
  }
}
