import type { RestoreJournal } from "../journal/restore-journal.ts";
import type { ChunkJob } from "./load-queue.ts";
import type { LoadSession } from "./load-session.ts";
import type { DirectoryRun } from "./run-directory.ts";

/** How the files of a directory are read. */
export interface DirectorySource {
  /** Plain bytes of a script. */
  script(file: string): AsyncIterable<Uint8Array>;
  /** What statements of scripts end with, when it is no semicolon alone. */
  readonly delimiter?: string;
  /** Scripts of views and stored code do not say their sql_mode and time zone: they are the server's own. */
  readonly lacksModes?: boolean;
  /** Scripts may name this database, and mean the target. */
  readonly ownName?: string;
  /** Loads one file of rows. @throws BackupError unless the log decides to go on without these rows */
  load(run: DirectoryRun, session: LoadSession, job: ChunkJob, journal: RestoreJournal | undefined): Promise<void>;
}
