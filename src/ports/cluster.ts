import type { DumpFormat } from "../core/dump-format.ts";
import type { ConnectionRequest } from "./connection-request.ts";
import type { BinlogSnapshot, Dumper, DumpRequest, DumpResult, NotIncluded } from "./dump.ts";
import type { ProgressSink } from "./progress.ts";
import type { Finding, RestoreFailure } from "./restore.ts";

/** What of a server as a whole is asked for. */
export interface ClusterRequest {
  readonly connection: ConnectionRequest;
  /** Take the hashes of the roles' passwords too. */
  readonly rolePasswords: boolean;
  /** Patterns of names, as the engine has them; empty: all databases that can be connected to. */
  readonly databases: readonly string[];
  readonly excludedDatabases: readonly string[];
  /** Become this role after logging in. */
  readonly role?: string;
  /** Leave out grants of tablespaces and parameters. */
  readonly noPrivileges?: boolean;
  readonly noComments?: boolean;
  readonly noSecurityLabels?: boolean;
  /** Quote identifiers that need it as well as those that do not. */
  readonly quoteAllIdentifiers?: boolean;
  /** How the databases are dumped afterwards; absent: they are not. */
  readonly dump?: Pick<DumpRequest, "format" | "jobs" | "jobsAreAsked" | "mysql">;
  /** Names the backup on the server (application_name). */
  readonly applicationName: string;
}

/** What belongs to a server as a whole, and what databases it has. */
export interface ClusterContents {
  readonly server: DumpResult["server"];
  readonly globals: {
    /** The script that makes them again, as the server's own tool writes it. */
    readonly script: Uint8Array;
    /** What of it needs the objects of the databases, and stands at its end; in a script of the whole server, behind them. */
    readonly behindObjects?: Uint8Array;
    /** MySQL and MariaDB: accounts and roles. */
    readonly roles: number;
    readonly tablespaces: number;
  };
  /** Those to back up, in the order in which a restore goes best. */
  readonly databases: readonly string[];
  /** Other databases, passwords that could not be read, ... */
  readonly notIncluded: readonly NotIncluded[];
  readonly warnings: readonly string[];
  /** Set when all databases are read from one state. */
  readonly shared?: SharedState;
}

/** The state of a server in which all its databases are read; disposing of it ends its sessions. */
export interface SharedState extends AsyncDisposable {
  /** Dumps databases from it, one after another. */
  readonly dumper: Dumper;
  /** What it was, when all is dumped. */
  snapshot(): Promise<BinlogSnapshot>;
}

/** What one script of a whole server is made of, but for the scripts of its databases. */
export interface WholeScript {
  readonly start: Uint8Array;
  /** What stands before the script of a database, and whether that script makes it. */
  before(database: string): { readonly text: Uint8Array; readonly create: boolean };
  readonly end: Uint8Array;
}

/** The part of an engine that knows servers with all their databases. */
export interface ClusterReader {
  /** In which its databases can be backed up; the first is the usual one. */
  readonly formats: readonly DumpFormat[];
  /**
   * Reads what belongs to no database, in one consistent snapshot. What it answers with may hold a state that is to be
   * disposed of.
   * @throws BackupError CONNECT, AUTH, SERVER, NOT_FOUND for a pattern that no database matches
   */
  read(request: ClusterRequest, context: { progress: ProgressSink; signal: AbortSignal }): Promise<ClusterContents>;
  /** @param globals what `read` gave of them */
  wholeScript(globals: ClusterContents["globals"]): WholeScript;
}

/** What of the globals to restore, and how. */
export interface GlobalsRequest {
  readonly connection: ConnectionRequest;
  /** Roles with their memberships, settings and privileges on parameters. */
  readonly roles: boolean;
  readonly tablespaces: boolean;
  readonly rolePasswords: boolean;
  readonly noPrivileges?: boolean;
  readonly noComments?: boolean;
  readonly noSecurityLabels?: boolean;
  /** Of MySQL and MariaDB: change accounts and rights that the server does not take as they are; the pre-check lists each change. */
  readonly convert?: boolean;
  /** Of MySQL and MariaDB: with `continue`, what would have to be changed or cannot be is left out, and counted as failed. Default: stop. */
  readonly onError?: "stop" | "continue";
  /** New folders of tablespaces, by name or by the folder that they had. */
  readonly tablespaceMap: ReadonlyMap<string, string>;
}

/** What a server says before anything is restored. */
export interface GlobalsCheck {
  readonly findings: readonly Finding[];
  /** Databases that the server has. */
  readonly databases: ReadonlySet<string>;
  /** The server takes names of databases for one that differ in capitals only. */
  readonly ignoresCase?: boolean;
}

export interface GlobalsResult {
  /** Statements that were run. */
  readonly done: number;
  readonly failures: readonly RestoreFailure[];
  readonly failed: number;
  readonly warnings: readonly string[];
}

/** Globals that are opened for a restore: the script is read, no server is asked yet. */
export interface RestorableGlobals {
  readonly roles: readonly string[];
  readonly tablespaces: readonly { readonly name: string; readonly location: string }[];
  /** What will be done, for people. @throws BackupError USAGE for a map that names no tablespace of the backup */
  plan(request: GlobalsRequest): readonly string[];
  /** Touches nothing. */
  preCheck(request: GlobalsRequest, signal: AbortSignal): Promise<GlobalsCheck>;
  /** Goes on behind what fails. */
  run(request: GlobalsRequest, progress: ProgressSink, signal: AbortSignal): Promise<GlobalsResult>;
  /** The same of what needs the objects of the databases, when these are restored; absent: nothing does. */
  runBehindDatabases?(request: GlobalsRequest, progress: ProgressSink, signal: AbortSignal): Promise<GlobalsResult>;
}

/** Where the parts of a script of a whole server lie, in bytes; without an end, up to the end of the script. */
export interface ClusterScript {
  readonly globals: { readonly end: number | undefined };
  readonly databases: readonly { readonly name: string; readonly start: number; readonly end: number | undefined }[];
}

/** The part of an engine that restores what belongs to a server as a whole. */
export interface GlobalsRestorer {
  /** Databases that every server has: they are restored into those. */
  readonly alwaysThere: ReadonlySet<string>;
  /** Databases that are not there yet can be looked at before the globals are restored. */
  readonly looksAhead: boolean;
  /** Default: true. Where not, `split` says what to do instead. */
  readonly takesScripts?: boolean;
  /** @throws BackupError DAMAGED, FOREIGN_FILE for a script that holds anything else */
  open(script: AsyncIterable<Uint8Array>): Promise<RestorableGlobals>;
  /**
   * Finds the parts of a script that the server's own tool wrote of a whole server.
   * @throws BackupError DAMAGED, FOREIGN_FILE; USAGE at once where such scripts are not taken
   */
  split(script: AsyncIterable<Uint8Array>): Promise<ClusterScript>;
  /** Which of these names a pattern of psql's means. Pure. @throws BackupError USAGE */
  namesMatching(pattern: string, names: readonly string[]): readonly string[];
}
