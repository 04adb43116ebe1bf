import type { DatabaseType } from "../../core/database-type.ts";
import type { ConnectionRequest } from "../../ports/connection-request.ts";
import type { StartThrowawayServer } from "../../ports/throwaway-server.ts";
import type { ProofRequest } from "./proof-request.ts";

/** Where backups are restored into to be proved. */
export interface ProofServer extends AsyncDisposable {
  readonly connection: ConnectionRequest;
  /** Started for this, and gone afterwards: what a backup needs of its server may be made there. */
  readonly isOurs: boolean;
  /** Why a server of ours was stopped before its time, if it was. */
  stoppedBecause(): string | undefined;
}

/** The server to start, when it is to be ours. */
export interface ProofServerKind {
  readonly databaseType: DatabaseType;
  readonly major: number | undefined;
}

/** @throws BackupError NOT_FOUND when there is no such server program for this machine */
export async function openProofServer(
  { server, maxMemoryBytes }: ProofRequest,
  { databaseType, major }: ProofServerKind,
  start: StartThrowawayServer,
  signal: AbortSignal,
): Promise<ProofServer> {
  if (server !== undefined) {
    return {
      connection: server,
      isOurs: false,
      stoppedBecause: () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const started = await start(signal, {
    databaseType,
    isForStrangers: true,
    mayFetch: true,
    ...(major === undefined ? {} : { major }),
    ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
  });
  const { socketFolder, socketFile, port, user } = started;
  return {
    connection:
      socketFile === undefined
        ? { socket: socketFolder, port, user, database: "postgres" }
        : { socket: socketFile, user, mysql: { noDefaults: true } },
    isOurs: true,
    stoppedBecause: () => started.stoppedBecause(),
    [Symbol.asyncDispose]: () => started.stop(),
  };
}
