import type { BackupFiles } from "./backup-files.ts";
import type { OpenedObject } from "./storage.ts";

interface Named {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** Its last component. */
  readonly name: string;
  /** What has this name in the same folder; undefined when there is nothing. */
  beside(name: string): Promise<NamedFile | NamedFolder | undefined>;
  /** Regular files in the same folder whose names begin so. @throws BackupError IO */
  allBeside(beginning: string): Promise<readonly NamedFile[]>;
}

/** A file that the user named by its path, wherever it lies and however it is called. */
export interface NamedFile extends Named {
  readonly kind: "file";
  /** @throws BackupError NOT_FOUND, IO */
  open(): Promise<OpenedObject>;
}

/** A folder that the user named. */
export interface NamedFolder extends Named {
  readonly kind: "folder";
  /** The regular files in it, and not in folders below. @throws BackupError IO */
  files(): Promise<BackupFiles>;
}

/** @returns undefined when there is nothing of this name */
export type LocateFile = (path: string) => Promise<NamedFile | NamedFolder | undefined>;
