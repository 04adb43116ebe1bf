import type { ConnectionRequest } from "./connection-request.ts";
import type { DumpResult, NotIncluded } from "./dump.ts";
import type { ProgressSink } from "./progress.ts";

/** What of a server as a whole is asked for. */
export interface ClusterRequest {
  readonly connection: ConnectionRequest;
  /** Take the hashes of the roles' passwords too. */
  readonly rolePasswords: boolean;
  /** psql's patterns of names; empty: all databases that can be connected to. */
  readonly databases: readonly string[];
  readonly excludedDatabases: readonly string[];
  /** Names the backup on the server (application_name). */
  readonly applicationName: string;
}

/** What belongs to a server as a whole, and what databases it has. */
export interface ClusterContents {
  readonly server: DumpResult["server"];
  readonly globals: {
    /** The script that makes them again, as the server's own tool writes it. */
    readonly script: Uint8Array;
    readonly roles: number;
    readonly tablespaces: number;
  };
  /** Those to back up, in the order in which a restore goes best. */
  readonly databases: readonly string[];
  /** Other databases, passwords that could not be read, ... */
  readonly notIncluded: readonly NotIncluded[];
  readonly warnings: readonly string[];
}

/** The part of an engine that knows servers with all their databases. */
export interface ClusterReader {
  /**
   * Reads what belongs to no database, in one consistent snapshot.
   * @throws BackupError CONNECT, AUTH, SERVER, NOT_FOUND for a pattern that no database matches
   */
  read(request: ClusterRequest, context: { progress: ProgressSink; signal: AbortSignal }): Promise<ClusterContents>;
}
