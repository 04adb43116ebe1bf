import type { OpenedObject } from "./storage.ts";

/** The files of a backup that is a folder. */
export interface BackupFiles {
  /** Bytes of each file, by its name: one path component. */
  readonly sizes: ReadonlyMap<string, number>;
  /**
   * Opens one of them, to be closed by the caller. No link is followed.
   * @throws BackupError NOT_FOUND, IO
   */
  open(name: string): Promise<OpenedObject>;
}
