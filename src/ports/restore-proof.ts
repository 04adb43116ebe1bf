import type { ConnectionRequest } from "./connection-request.ts";
import type { ProgressSink } from "./progress.ts";
import type { BackupContents, BackupSummary } from "./restore.ts";

/** Something of a restored database that is not what the backup promised. Text is Unicode. */
export interface ProofDamage {
  /** `table sales.orders`, `INDEX sales.orders_idx`. */
  readonly object: string;
  readonly message: string;
}

/** What one step of a proof found. */
export interface ProofFindings {
  /** How many of what were looked at: `tables`, `rows`, `indexes`, ... */
  readonly counts: Readonly<Record<string, number>>;
  readonly damage: readonly ProofDamage[];
  /** What could not be checked, and why; or what is worth knowing, and no damage. */
  readonly notes: readonly string[];
}

/** What was recorded of a database when its backup was made, or is known of the backup itself. Names are Unicode. */
export interface PromisedContents {
  /** Encoding of the rows as dumped; empty when nobody knows. */
  readonly encoding: string;
  /** Major version of the server that the backup was made of; undefined when it does not say. */
  readonly sourceMajor: number | undefined;
  /** The same as the server says it; empty when nobody knows. */
  readonly sourceVersion: string;
  readonly format: BackupSummary["format"];
  /** What hung on the session that made the backup, by the name of the setting; undefined when nobody recorded it. */
  readonly rowSettings?: Readonly<Record<string, string>>;
  /** Undefined when nothing is known of the rows. */
  readonly tables?: readonly PromisedTable[];
  /** No other table has rows. */
  readonly tablesAreAll: boolean;
  /** Undefined when nothing is known. */
  readonly largeObjects?: { readonly count: number; readonly bytes: number };
  /** Entries of the table of contents by their type, as they were written; undefined when nobody recorded it. */
  readonly entries?: ReadonlyMap<string, number>;
  /** The backup holds a part of its database. */
  readonly isPartial: boolean;
  /** What the backup itself says. */
  readonly contents: BackupContents;
  /** Privileges and owners were left out by the restore. */
  readonly withoutRoles: boolean;
}

export interface PromisedTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** `rowsum128-v1`; undefined when only the number is known. */
  readonly checksum?: string;
  /** Old versions of rows are among them. */
  readonly hasHistory?: boolean;
}

/** Roles and tablespaces that a restore needs, and the server lacks. */
export interface MissingFromServer {
  readonly roles: readonly string[];
  readonly tablespaces: readonly string[];
}

/** A database that a backup was restored into, on trial. */
export interface RestoredDatabase extends AsyncDisposable {
  /** Whether everything that the backup held is there, by names. */
  checkObjects(): Promise<ProofFindings>;
  /** Counts the rows of every table, and computes their checksums. */
  checkRows(progress: ProgressSink): Promise<ProofFindings>;
  /** Looks for rows that violate foreign keys, whatever the server believes of them. */
  checkConstraints(): Promise<ProofFindings>;
  /** Walks over all indexes and tables, with `amcheck` where the server has it. */
  checkIndexes(): Promise<ProofFindings>;
  /**
   * Runs a query of the user's, in a transaction that may not write.
   * @returns the first rows that it gave, as text
   */
  runCheck(sql: string): Promise<UserCheck>;
}

export interface UserCheck {
  /** The first rows: at most {@link shownCheckRows}. */
  readonly rows: readonly string[];
  readonly hasMore: boolean;
  /** Why it could not be run. */
  readonly error?: string;
}

export const shownCheckRows = 5;

/** A place on a server for a database on trial. It goes with everything in it when it is disposed of. */
export interface ScratchDatabase extends AsyncDisposable {
  readonly name: string;
  /** Names the database. */
  readonly connection: ConnectionRequest;
  /** As the server says it. */
  readonly serverVersion: string;
  /** Scratch databases of earlier runs that were killed: they were dropped. */
  readonly swept: readonly string[];
  /** What could not be dropped again. Known when it is disposed of. */
  readonly leftBehind: readonly string[];
  /** Makes roles that may not log in, and tablespaces inside the server's own folder: for servers that go away only. */
  provide(missing: MissingFromServer): Promise<void>;
  /** Makes the database, with a locale that the server has: for backups that do not say theirs, or one that it lacks. */
  create(encoding: string): Promise<void>;
  open(promised: PromisedContents, jobs: number): Promise<RestoredDatabase>;
}

/** What knows how to prove backups of one flavour by what a restore of them made. */
export interface RestoreProver {
  /**
   * Reserves the name of a database that does not exist, and drops those that killed runs left behind.
   * @param name the one that the backup wants; else a new one
   * @throws BackupError CONNECT, AUTH, ...
   */
  reserve(server: ConnectionRequest, signal: AbortSignal, name?: string): Promise<ScratchDatabase>;
}
