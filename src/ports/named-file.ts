import type { OpenedObject } from "./storage.ts";

/** A file that the user named by its path, wherever it lies and however it is called. */
export interface NamedFile {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** Its last component. */
  readonly name: string;
  /** @throws BackupError NOT_FOUND, IO */
  open(): Promise<OpenedObject>;
  /** The file of this name in the same folder; undefined when there is none. */
  beside(name: string): Promise<NamedFile | undefined>;
}

/** @returns undefined when there is nothing of this name */
export type LocateFile = (path: string) => Promise<NamedFile | "folder" | undefined>;
