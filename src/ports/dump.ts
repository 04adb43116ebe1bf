import type { Compression } from "../core/compression.ts";
import type { DumpFormat } from "../core/dump-format.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { Codec } from "./codec.ts";
import type { ConnectionRequest } from "./connection-request.ts";
import type { DumpSelection } from "./dump-selection.ts";
import type { DumpSessionOptions } from "./dump-session.ts";
import type { DumpShape } from "./dump-shape.ts";
import type { MysqlDumpOptions } from "./mysql-dump.ts";
import type { ProgressSink } from "./progress.ts";
import type { SampleChoice, SamplePlan } from "./sample.ts";
import type { OpenSpool } from "./spool.ts";

/** A logical backup of one database, as asked of an engine. */
export interface DumpRequest {
  readonly connection: ConnectionRequest;
  readonly database: string;
  readonly format: DumpFormat;
  /** Inside the archive, for formats that have it; `none` for tar, and for plain, which a stage behind the engine compresses. */
  readonly compression: Compression;
  /** Default: everything. */
  readonly selection?: DumpSelection;
  /** Default: all of it. */
  readonly shape?: DumpShape;
  readonly session?: DumpSessionOptions;
  /** Take the optimizer's statistics too. */
  readonly statistics?: boolean;
  /** Extensions that are dumped although a restore of them needs more than a dump holds. */
  readonly allowedExtensions?: readonly string[];
  /** Version of the archive to write (`1.14`); the engine chooses when absent. */
  readonly archiveVersion?: string;
  /** Key of psql's `\restrict` in plain output; random when absent. */
  readonly restrictKey?: string;
  /** How many connections copy data beside each other, where there is enough of it. */
  readonly jobs: number;
  /** Somebody wants it: where it cannot be, that is an error. */
  readonly jobsAreAsked?: boolean;
  /** Tables larger than this many bytes on the server's disk are read by several connections; the engine's own when absent. */
  readonly splitLargerThan?: number;
  /** Bytes of rows that are read in a second at most, by all connections together; as fast as it goes when absent. */
  readonly maxRate?: number;
  /** Only some of the rows, and all that these refer to. */
  readonly sample?: SampleChoice;
  /** Of MySQL and MariaDB only; default: the usual. */
  readonly mysql?: MysqlDumpOptions;
  /** Names the backup on the server (application_name), so that a DBA sees who holds the snapshot. */
  readonly applicationName: string;
}

/** Where a dump goes: one artifact, front to back, or a folder of files for format `directory`. */
export type DumpOutput =
  | { readonly kind: "file"; readonly sink: ByteSink; readonly openSpool: OpenSpool }
  | FolderOutput;

export interface FolderOutput {
  readonly kind: "folder";
  createFile(name: string): Promise<DumpedFile>;
  /** Where it lies on this machine, for programs that write files themselves; undefined where it does not. */
  readonly localPath?: string;
  /** Takes over the files that a program wrote there, instead of `createFile`, and opens them for reading. @throws BackupError IO */
  adopt?(): Promise<BackupFiles>;
  /** Tells whoever reads along one line, when all files that were ended before are durable; undefined where nobody may. */
  announce?(line: string): void;
  /** Set for a dump that can be resumed, or is. */
  readonly progress?: ResumableProgress;
}

/** A file of a dump. */
export interface DumpedFile extends ByteSink {
  /** Nothing more comes. Answers what was written. @param contents must be given when the dump can be resumed */
  end(contents?: FileContents): Promise<WrittenFile>;
}

/** Bytes as the engine gave them, and their SHA-256 in hexadecimal. */
export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** What a file of a dump holds, before compression. */
export interface FileContents {
  readonly rows: number;
  readonly bytes: number;
  /** Of rows. */
  readonly checksum?: string;
}

/** How far a dump has come that can be resumed. */
export interface ResumableProgress {
  /** Files that are there already, whole, by name; empty for a new dump. */
  readonly files: ReadonlyMap<string, FileContents>;
  /** What an interrupted dump knew of its source; undefined for a new dump. */
  readonly source: SourceState | undefined;
  /** Called once, before files are made, when nothing is in the way: from now on the dump can be resumed, or is. */
  begin(source: SourceState): Promise<void>;
}

/** What must be the same when a dump is resumed, by names of the engine's. Kept as JSON. */
export type SourceState = Readonly<Record<string, string>>;

/** What an engine needs from outside while it dumps. */
export interface DumpContext {
  readonly codec: Codec;
  readonly progress: ProgressSink;
  readonly signal: AbortSignal;
  /** Stamped into the archive. */
  readonly startedAt: Date;
}

/** A table's data as it went into the backup. */
export interface DumpedTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** Of the rows as dumped, before compression. */
  readonly bytes: number;
  /** `rowsum128-v1`, 32 hexadecimal digits. */
  readonly checksum: string;
  /** Old versions of its rows are in it, and counted. */
  readonly hasHistory?: boolean;
  /** Written as INSERT statements; bytes and checksum are those of the rows as COPY text. */
  readonly asInserts?: boolean;
}

/** Something that the server holds and this backup does not. */
export interface NotIncluded {
  /** A stable word: `roles`, `tablespaces`, `replication-slots`, ... */
  readonly kind: string;
  readonly count: number;
  readonly examples: readonly string[];
  /** How to keep it, when it matters. */
  readonly hint: string;
}

/** What a dump cost the server's vacuum. */
export interface SnapshotHeld {
  readonly seconds: number;
  /** The oldest transaction whose dead rows had to be kept meanwhile. */
  readonly xmin: string;
  /** How many transactions began meanwhile. */
  readonly transactions: number;
}

/** The snapshot of a dump of MySQL or MariaDB. */
export interface BinlogSnapshot {
  /** How one state was made sure of: `lock-free`, `backup-stages`, `global-read-lock`, `snapshot`. */
  readonly method: string;
  /** The place in the binary log that it stands for; absent when that is not certain, or there is no binary log. */
  readonly coordinates?: { readonly file: string; readonly position: number; readonly gtidSet?: string };
  /** How long it was open. */
  readonly seconds: number;
  /** How long nobody else could commit. */
  readonly lockedSeconds: number;
}

export interface DumpResult {
  /** Who did it, when it was not the engine of this program. */
  readonly engine?: { readonly name: string; readonly version: string };
  readonly server: {
    /** What metadata call it; default: postgresql. */
    readonly databaseType?: "mysql" | "mariadb";
    /** As the server says it: `18.4 (Debian 18.4-1)`. */
    readonly version: string;
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /** PostgreSQL's system identifier; absent when this user may not ask. */
    readonly systemIdentifier?: string;
    /** MySQL's name of this server. */
    readonly uuid?: string;
    readonly encoding: string;
  };
  /** Of all text in the dump, when it is not the database's. */
  readonly encoding?: string;
  /** The log position at which the snapshot was taken (`16/B374D848`); on a standby, the last replayed one. */
  readonly snapshotLsn?: string;
  /** Absent when the snapshot was somebody else's. */
  readonly snapshot?: SnapshotHeld;
  /** Of MySQL and MariaDB. */
  readonly binlogSnapshot?: BinlogSnapshot;
  /** Version of the archive that was written. */
  readonly archiveVersion?: string;
  /**
   * Settings of the session that the text of rows hangs on, and that are not the same in every dump: the time zone. Absent: rows are
   * written as nobody here writes them.
   */
  readonly rowSettings?: Readonly<Record<string, string>>;
  /** Entries of the table of contents by their type; of a script, those that it was written from. */
  readonly entries?: readonly { readonly type: string; readonly count: number }[];
  /** Absent when they are not known, as also what is absent of the next. */
  readonly tables?: readonly DumpedTable[];
  /** Of a sample: how its rows came together. */
  readonly sample?: SamplePlan;
  readonly largeObjects?: { readonly count: number; readonly bytes: number };
  readonly notIncluded: readonly NotIncluded[];
  readonly warnings: readonly string[];
}

/** The part of an engine that makes logical backups. */
export interface Dumper {
  /**
   * Refuses what can be refused without asking a server.
   * @throws BackupError USAGE
   */
  check(request: DumpRequest): void;
  /**
   * Writes the whole backup to `output`. One consistent snapshot; memory stays bounded whatever the size
   * of the database. After a failure what was written is worthless.
   *
   * @throws BackupError CONNECT, AUTH, SERVER, UNSUPPORTED_SERVER, UNSUPPORTED_OBJECT (before anything is written),
   * CONNECTION_LOST, INTERRUPTED.
   */
  dump(request: DumpRequest, output: DumpOutput, context: DumpContext): Promise<DumpResult>;
}
