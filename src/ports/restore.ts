import type { EngineFamily } from "../core/database-type.ts";
import type { ArchiveFormat } from "../core/dump-format.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { BackupSurvey, SalvageNotes } from "./backup-survey.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { ConnectionRequest } from "./connection-request.ts";
import type { MysqlDefiner } from "./mysql-definer.ts";
import type { ProgressSink } from "./progress.ts";
import type { OpenedObject } from "./storage.ts";

/**
 * Where the bytes of a backup come from. A stream (standard input) can be read once, front to back; a folder is an archive
 * in directory format.
 */
export type RestoreInput =
  | { readonly kind: "folder"; readonly files: BackupFiles }
  | { readonly kind: "object"; readonly object: OpenedObject }
  | { readonly kind: "stream"; readonly stream: AsyncIterable<Uint8Array> };

/** What of a backup to restore, named as pg_restore names it. Absent: as pg_restore does it by itself. */
export interface RestoreSelection {
  readonly schemaOnly: boolean;
  readonly dataOnly: boolean;
  readonly statisticsOnly?: boolean;
  readonly noSchema?: boolean;
  readonly noData?: boolean;
  /** Leave out what the optimizer of the source knew. */
  readonly noStatistics?: boolean;
  /** Empty: all. */
  readonly sections?: readonly ("pre-data" | "data" | "post-data")[];
  /**
   * `name` or `schema.name`, exactly as the server stores them; empty: all. A table brings along what hangs on it:
   * indexes, constraints, triggers, rules, policies, defaults, owned sequences, comments, privileges.
   */
  readonly tables: readonly string[];
  readonly indexes?: readonly string[];
  /** With the types of the arguments: `name(integer, text)`. */
  readonly functions?: readonly string[];
  /** `trigger`, or `table trigger`. */
  readonly triggers?: readonly string[];
  /** Names of schemas; empty: all. */
  readonly schemas: readonly string[];
  readonly excludedSchemas?: readonly string[];
  /** Tables come without what hangs on them, schemas without their own definition: as pg_restore does it. */
  readonly onlyNamed?: boolean;
  /** An edited listing: only what it names, in its order. */
  readonly useList?: string;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  readonly noComments?: boolean;
  readonly noPolicies?: boolean;
  readonly noPublications?: boolean;
  readonly noSubscriptions?: boolean;
  readonly noSecurityLabels?: boolean;
  readonly noTablespaces?: boolean;
  readonly noTableAccessMethod?: boolean;
}

/** What to do with it. */
export interface RestoreRequest extends RestoreSelection {
  /** The listing of the plan holds all entries, with those that each needs. */
  readonly listsDependencies?: boolean;
  readonly connection: ConnectionRequest;
  /** The database to restore into. Default: the one the backup was made of. */
  readonly target?: string;
  /** Create the database first. */
  readonly create: boolean;
  /**
   * With `create`: the database is there, as template1 and postgres always are, and gets what belongs to the database
   * itself: its owner, settings, comment and privileges.
   */
  readonly isThere?: boolean;
  /** Drop the objects of the backup first; with `create`, drop the database first. */
  readonly clean: boolean;
  /** With `clean`: objects that do not exist are no error. */
  readonly ifExists: boolean;
  readonly onError: "stop" | "continue";
  readonly singleTransaction: boolean;
  /** Commit after so many entries. */
  readonly transactionSize?: number;
  /** Switch triggers off while rows are loaded; only without definitions. */
  readonly disableTriggers?: boolean;
  /** Who does that. Default: who logs in. */
  readonly superuser?: string;
  /** Become this role after logging in. */
  readonly role?: string;
  /** Let policies decide which rows may be written, instead of failing. */
  readonly enableRowSecurity?: boolean;
  /** Become the owner of each object before it is made, instead of giving it away afterwards. */
  readonly useSessionAuthorization?: boolean;
  /** Extensions in the backup that the user takes care of himself. */
  readonly allowedExtensions?: readonly string[];
  /** Sessions that restore data, indexes and constraints beside each other, where that can be. */
  readonly jobs: {
    readonly count: number;
    /** Somebody wants it: where it cannot be, that is an error. */
    readonly isAsked: boolean;
  };
  /**
   * With several sessions: tables whose rows take more bytes than this in the backup are loaded by those that have nothing
   * else to do, beside the one that began.
   */
  readonly splitLargerThan?: number;
  /**
   * Note in the target what is done, so that the restore can be resumed after an interruption (`new`), or go on with one
   * that was begun so (`resume`).
   */
  readonly journal?: "new" | "resume";
  /** Collect the planner's statistics at the end; of a script: those of the whole database. */
  readonly analyze?: boolean;
  /** Of MySQL and MariaDB: the definers of views and stored code. Default: keep. */
  readonly definer?: MysqlDefiner;
  /** Of MySQL and MariaDB: change definitions that the server does not take as they are; what cannot be changed is left out with `onError: continue`. */
  readonly convert?: boolean;
  /** Refuse a backup that holds what {@link RestorePlan.needsTrust} lists. */
  readonly untrusted: boolean;
  /** The target may hold objects already: the user said so with `--confirm`. */
  readonly confirmed: boolean;
  /** What the backup's metadata says about each table's rows; compared while they are restored. */
  readonly expectedRows?: ReadonlyMap<TableKey, ExpectedRows>;
  /**
   * Reads the backup once more and tells whether it is what its metadata recorded; absent for one that has none. For engines
   * that must not be given what strangers made.
   */
  readonly isAsRecorded?: () => Promise<boolean>;
  /** Plain bytes of the whole backup, when its metadata tells: compared with the free space of a local server. */
  readonly plainBytes?: number;
  /** Plain bytes that one table or large object may give at most, instead of a bound on the ratio. */
  readonly maxPlainBytes?: number;
}

/** Schema and name of a table, joined by a NUL character: neither can hold one. Unicode, as in metadata. */
export type TableKey = `${string}\0${string}`;

export interface ExpectedRows {
  readonly rows: number;
  /** Of the rows as dumped. */
  readonly bytes?: number;
  /** `rowsum128-v1`: 32 hexadecimal digits. */
  readonly checksum: string;
}

/** What is known of a backup before a server is asked. */
export interface BackupSummary {
  readonly format: ArchiveFormat | "script";
  /** Whose it is. Absent: PostgreSQL's. */
  readonly family?: EngineFamily;
  /** Empty when the backup does not tell (a script). */
  readonly database: string;
  readonly encoding: string;
  readonly serverVersion: string;
  readonly dumperVersion: string;
  readonly compression: string;
  /** Entries of the table of contents; 0 for a script. */
  readonly entries: number;
  /** It goes into that database and no other. Absent: a script that says one does. */
  readonly isBound?: boolean;
}

/** One step of a plan. Text is for people. */
export interface PlannedStep {
  readonly dumpId: number;
  /** `create`, `data`, `drop`. */
  readonly action: "drop" | "create" | "data";
  /** `TABLE`, `FK CONSTRAINT`, ... */
  readonly type: string;
  /** `schema.name` or the name alone. */
  readonly name: string;
}

/** What a restore will do, in order; made without touching a server. */
export interface RestorePlan {
  readonly target: string;
  readonly steps: readonly PlannedStep[];
  /** Entries that the selection leaves out, by type. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** What runs code or reaches outside the database, so that the backup must come from somebody who is trusted. */
  readonly needsTrust: readonly string[];
  /** The table of contents in pg_restore's listing format, without line ends. Empty for a script. */
  readonly listing: readonly string[];
}

/** Something that would make a restore fail or differ, found before anything is touched. */
export interface Finding {
  /** A stable word: `missing-role`, `target-not-empty`, ... */
  readonly code: FindingCode;
  readonly severity: "error" | "warning";
  readonly message: string;
  /** The flag or command that solves it. */
  readonly solution: string;
  /** The role, tablespace, extension, ... that it is about, by its name. */
  readonly subject?: string;
}

export type FindingCode =
  | "target-not-empty"
  | "target-exists"
  | "target-missing"
  | "interrupted-restore"
  | "target-changed"
  | "cannot-create-database"
  | "object-exists"
  | "role-exists"
  | "tablespace-exists"
  | "not-superuser"
  | "object-missing"
  | "missing-role"
  | "not-member-of-role"
  | "missing-tablespace"
  | "missing-extension"
  | "demanding-extension"
  | "missing-collation"
  | "missing-locale"
  | "encoding"
  | "older-server"
  | "disk-space"
  | "needs-trust"
  | "partial-backup"
  /** The backup was made of the other one of MySQL and MariaDB. */
  | "other-flavour"
  /** A definition is changed so that the server takes it; it would have to be; it cannot be. */
  | "conversion"
  | "needs-conversion"
  | "cannot-convert"
  | "missing-engine"
  | "missing-plugin"
  /** The account that is logged in is one of the backup's. */
  | "own-account"
  | "large-statement"
  /** A setting of the server refuses what the backup holds. */
  | "server-setting"
  /** The server or the target takes no changes. */
  | "read-only"
  /** What the backup holds under names that differ in capitals only would be one there. */
  | "same-name";

/** One failed entry or statement. */
export interface RestoreFailure {
  /** `TABLE app.orders`, or `line 17` of a script. */
  readonly object: string;
  readonly message: string;
  readonly statement: string;
  readonly sqlState?: string;
}

export interface RestoreResult {
  readonly target: string;
  readonly created: boolean;
  /** Entries of an archive, statements of a script. */
  readonly done: number;
  /** Of a restore that was resumed: entries that earlier runs had done. */
  readonly doneBefore?: number;
  readonly rows: number;
  /** Plain bytes of rows and large objects. */
  readonly bytes: number;
  /** Nobody counted rows and bytes. */
  readonly isUncounted?: boolean;
  readonly largeObjects: number;
  /** At most {@link maxListedFailures} of them. */
  readonly failures: readonly RestoreFailure[];
  readonly failed: number;
  readonly warnings: readonly string[];
  readonly durationMs: number;
  /** Who did it, when it was not the engine of this program. */
  readonly engine?: { readonly name: string; readonly version: string };
}

export interface ScriptRequest extends RestoreRequest {
  /** Letters and digits for psql's `\\restrict`; random when absent. */
  readonly restrictKey?: string;
}

export interface ScriptOutput {
  readonly sink: ByteSink;
  readonly progress: ProgressSink;
  readonly signal: AbortSignal;
}

/** What a script holds. */
export interface ScriptResult {
  readonly entries: number;
  readonly rows: number;
  /** Plain bytes of rows and large objects. */
  readonly bytes: number;
  readonly largeObjects: number;
}

/** More failures than this are counted, not kept. */
export const maxListedFailures = 100;

/** What a backup says of itself, without its data. Text is Unicode. */
export interface BackupContents {
  /** Entries of the table of contents; undefined for a script, which has none. */
  readonly entries?: readonly ContentsEntry[];
  /** The columns of each table as its rows hold them, in SQL: `(id, "a b")`. Tables whose rows do not tell are missing. */
  readonly columns: ReadonlyMap<TableKey, string>;
}

export interface ContentsEntry {
  /** `TABLE`, `FK CONSTRAINT`, ... */
  readonly type: string;
  /** Empty for what is in no schema. */
  readonly schema: string;
  readonly name: string;
  /** Of what is not made but set, as the value of a sequence: the statement. */
  readonly value?: string;
}

/** A backup that is opened for a restore: its table of contents is read, nothing else yet. */
export interface RestorableBackup {
  readonly summary: BackupSummary;
  /** What a database must hold that all of it was restored into. Pure. */
  contents(): BackupContents;
  /** Pure. @throws BackupError USAGE for options that contradict each other or name what is not there. */
  plan(request: RestoreRequest): RestorePlan;
  /**
   * Walks over the archive's structure (a stored one; a stream cannot be walked twice) and asks the server for what the
   * plan needs. Touches nothing.
   * @throws BackupError DAMAGED, CONNECT, AUTH, ...
   */
  preCheck(request: RestoreRequest, signal: AbortSignal): Promise<readonly Finding[]>;
  /**
   * Restores. Runs once. After a failure the error names the target as incomplete; a database that this run created is
   * dropped again unless `onError` is `continue`.
   * @throws BackupError PARTIAL carries no result: failures with `onError: continue` are in the result instead.
   */
  run(request: RestoreRequest, progress: ProgressSink, signal: AbortSignal): Promise<RestoreResult>;
  /**
   * Writes what would be done as a script for psql instead, and asks no server. Memory stays bounded.
   * @throws BackupError USAGE for a script, which is one already; DAMAGED: what was written is worthless then
   */
  writeScript(request: ScriptRequest, output: ScriptOutput): Promise<ScriptResult>;
}

/** A backup that is still being made, and announces what it holds so far. */
export interface GrowingBackup {
  /**
   * What the dump says, in the engine's words, as it comes. Ends when nobody is at work on it any more: then `finished` knows
   * whether it is whole.
   */
  announcements(signal: AbortSignal): AsyncIterable<string>;
  /** Opens a file that was announced. @throws BackupError NOT_FOUND, IO */
  open(name: string): Promise<OpenedObject>;
  /** To be called when the announcements have ended. @throws BackupError when the backup was not finished */
  finished(signal: AbortSignal): Promise<FinishedBackup>;
}

/** A backup that was read along, and is finished. */
export interface FinishedBackup extends Pick<RestoreRequest, "expectedRows"> {
  readonly files: BackupFiles;
}

/** What can be read more than once. */
export type StoredInput = Exclude<RestoreInput, { readonly kind: "stream" }>;

export interface DamagedOptions extends Pick<RestoreRequest, "expectedRows"> {
  readonly maxPlainBytes?: number;
}

/** A damaged backup of which what is whole can be restored. */
export interface DamagedBackup {
  readonly backup: RestorableBackup;
  readonly survey: BackupSurvey;
  /** What its restore makes otherwise; behind a run, also what the server refused because of that. Changes nothing. */
  salvaged(request: RestoreRequest): SalvageNotes;
}

/** What knows how to restore backups of one flavour. */
export interface RestoreEngine {
  /**
   * Recognizes the format by its first bytes: an archive in custom or tar format, or an SQL script, also compressed.
   * The input stays the caller's to close, after the last call to the backup.
   * @throws BackupError FOREIGN_FILE, DAMAGED
   */
  open(input: RestoreInput, options: { readonly maxPlainBytes?: number }): Promise<RestorableBackup>;
  /**
   * Opens a backup that is still being made; it is restored as it grows. Missing: this engine cannot.
   * @throws BackupError UNSUPPORTED_FORMAT
   */
  follow?(growing: GrowingBackup, signal: AbortSignal): Promise<RestorableBackup>;
  /**
   * Opens a damaged backup, reads all of it, and restores what is whole. Encrypted files are to be opened as those that are
   * salvaged. Of a backup that is whole it restores what `open` does. Missing: this engine cannot.
   * @throws BackupError DAMAGED when nothing of it can be used; USAGE for a format of which nothing is known behind the first damage
   */
  openDamaged?(input: StoredInput, options: DamagedOptions, signal: AbortSignal): Promise<DamagedBackup>;
}
