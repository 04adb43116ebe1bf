/** What is known of an object that lies in a place that is tried out. */
export interface ProbedObject {
  /** Until when nobody may remove this version of it. */
  readonly keptUntil?: Date | undefined;
  /** What is removed or replaced stays as an older version. */
  readonly hasVersions: boolean;
}

/**
 * Where a repository is to live, asked directly, to learn what a writer may do there. Keys are as those of `Storage`. What
 * is refused is a BackupError with the code AUTH, or IO for a folder.
 */
export interface ProbedPlace {
  readonly location: string;
  /** A folder of this machine: what is written is never written over. */
  readonly isFolder: boolean;
  /** @throws BackupError EXISTS when there is such an object */
  create(key: string, bytes: Uint8Array): Promise<void>;
  /** Puts another object in the place of one. */
  replace(key: string, bytes: Uint8Array): Promise<void>;
  /** Fills `target` from `position` on. @throws BackupError NOT_FOUND, IO */
  read(key: string, position: number, target: Uint8Array): Promise<void>;
  /** Undefined when there is no such object. */
  look(key: string): Promise<ProbedObject | undefined>;
  remove(key: string): Promise<void>;
  /** Milliseconds that the clock of the place is ahead of this machine's. @param key of an object that was just written */
  clockAhead(key: string): Promise<number>;
  freeBytes(): Promise<number | undefined>;
}
