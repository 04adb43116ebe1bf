import type { DatabaseType } from "../core/database-type.ts";

/** A database server of our own that holds nothing of anybody's and is gone, files and all, when we are. */
export interface ThrowawayServer {
  /** Folder of its Unix socket: what libpq takes as `host`. Only its owner may enter. */
  readonly socketFolder: string;
  /** Of MySQL and MariaDB, whose clients name the socket itself. */
  readonly socketFile?: string;
  readonly port: number;
  /** An empty folder for files of ours, which goes with the server. Only its owner may enter. */
  readonly workFolder: string;
  /** A superuser; no password is needed, the folder's mode is the guard. */
  readonly user: string;
  /** Why it was stopped by itself, if it was. */
  stoppedBecause(): string | undefined;
  /** Stops the server and removes its files; resolves when both are done. Safe to repeat. */
  stop(): Promise<void>;
  /** Lets the server outlive this process. Answers the process to end (with any signal but KILL) to stop and remove it. */
  keep(): Promise<number>;
}

export interface ThrowawayOptions {
  /** Default: postgres. Others are started from the programs that are on PATH, whatever their version, and never fetched. */
  readonly databaseType?: DatabaseType;
  /** Major version, or the next one that there is for this machine; the newest when absent. */
  readonly major?: number;
  /** Fetch its programs first where they are not on this machine. */
  readonly mayFetch?: boolean;
  /** What is restored into it may run code of strangers: it is shut off as far as this machine allows. */
  readonly isForStrangers?: boolean;
  /** Bytes of memory that its processes may take together; more, and it is stopped. */
  readonly maxMemoryBytes?: number;
}

/**
 * Starts a server.
 * @throws BackupError NOT_FOUND when this machine has no server program for it, IO when it did not start.
 */
export type StartThrowawayServer = (signal: AbortSignal, options?: ThrowawayOptions) => Promise<ThrowawayServer>;
