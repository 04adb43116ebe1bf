import type { BriefTexts } from "../core/metadata/brief-metadata.ts";
import type { StoredObject } from "./storage.ts";

/**
 * The local index over repositories, and the history of what was done. Repositories are the truth: whatever it says of a backup was read
 * there, and is read again when it is gone here. Calls are short and answer at once; several processes may work with one file.
 * Every method throws BackupError (IO, DAMAGED) when the file cannot be used.
 */
export interface Catalogue {
  /** For people: the path of its file. */
  readonly location: string;
  /**
   * Notes that something begins, before it does: what is killed is found there without an end.
   * @returns its id
   */
  beginOperation(start: OperationStart): string;
  /** Notes how it ended. */
  endOperation(id: string, end: OperationEnd): void;
  /** What was done, newest first. */
  operations(wish: OperationsWish): readonly Operation[];
  /** What was read of a repository before. @param location a folder or a URL; credentials in it are not kept */
  repository(location: string): KnownRepository;
  /** Folders and URLs that something is known of, without credentials. */
  repositories(): readonly string[];
  /** Forgets all that was read of repositories. The history stays. */
  forgetRepositories(): void;
  /** Looks at the whole file. @throws BackupError DAMAGED when something is wrong with it */
  check(): void;
  /** Safe to repeat. */
  close(): void;
}

/** What was read of one repository. */
export interface KnownRepository {
  /** The JSON text that was remembered of an object; undefined when there is none, or the object has another size or time now. */
  textOf(object: StoredObject): string | undefined;
  /** The same of the little that lists of backups need. They are asked for in the order of keys. */
  briefOf(object: StoredObject): BriefTexts | undefined;
  /** Remembers what was read of objects, in place of what was there, all or nothing; what is only just written is left out. */
  remember(read: readonly RememberedObject[]): void;
  /** Forgets every object that is not of these. @param keys all that are there, and perhaps others */
  keepOnly(keys: Pick<ReadonlySet<string>, "has">): void;
}

export interface RememberedObject {
  readonly object: StoredObject;
  /** All of it as JSON; undefined for what is too long. */
  readonly text: string | undefined;
  readonly brief: BriefTexts;
}

export interface OperationStart {
  /** Words of the command: `backup single`. */
  readonly command: string;
  readonly startedAt: Date;
  readonly database?: string;
  /** A folder or a URL. */
  readonly repository?: string;
}

/**
 * How something ended. `refused`: nothing was touched. `partial`: some objects failed. `damaged`: damage or differences were found.
 */
export const outcomes = ["done", "partial", "damaged", "failed", "refused", "interrupted"] as const;

export type Outcome = (typeof outcomes)[number];

export interface OperationEnd extends OperationNotes {
  readonly outcome: Outcome;
  readonly durationSeconds: number;
  /** Code of the error that ended it. */
  readonly errorCode?: string;
  /** Its message; missing where it may tell what is sealed elsewhere. */
  readonly error?: string;
}

/** What comes to be known of an operation while it runs. */
export interface OperationNotes {
  readonly database?: string;
  /** Of the backup that was made or restored. */
  readonly backupId?: string;
  /** Stored bytes of a backup that was made; plain bytes of what was restored. */
  readonly bytes?: number;
}

/** `running`: its process is there. `lost`: its process is gone, and did not say how it ended. */
export type OperationState = Outcome | "running" | "lost";

export interface Operation extends OperationStart, Partial<Omit<OperationEnd, "outcome">> {
  readonly id: string;
  readonly state: OperationState;
}

export interface OperationsWish {
  /** Only those of databases whose names match one of these (src/core/name-pattern.ts). */
  readonly databases?: readonly string[];
  /** Only those that came to a bad end: failed, partial, damaged, lost. */
  readonly failed?: boolean;
  readonly since?: Date;
  readonly limit: number;
}
