/** What a comparison has done, kept so that it can go on after an interruption. Held by one process at a time. */
export interface ComparisonNotes {
  /** What an earlier run noted under this key. */
  get(key: string): string | undefined;
  /** Keeps it, instead of what was there. Durable within a second, and when the notes are closed; kill -9 loses no more than that. */
  set(key: string, value: string): void;
  /** Safe to repeat. @throws BackupError IO */
  close(): void;
  /** Closes and removes them: the comparison has ended. */
  remove(): Promise<void>;
}

/**
 * @param how `new`: nothing may be there; `resume`: the notes of an earlier run must be there
 * @throws BackupError EXISTS, NOT_FOUND, FOREIGN_FILE, IO; EXISTS also when another process holds them
 */
export type OpenComparisonNotes = (path: string, how: "new" | "resume") => Promise<ComparisonNotes>;
