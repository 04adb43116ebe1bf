import type { Clock } from "./clock.ts";
import type { LocateFile } from "./named-file.ts";
import type { OpenSqlSession } from "./sql-session.ts";
import type { Storage } from "./storage.ts";
import type { StartThrowawayServer } from "./throwaway-server.ts";

/**
 * What `main` offers to front-ends: adapters, joined, and loaded only when asked for. A use case takes the ports it
 * needs from here, never an adapter.
 */
export interface Services {
  readonly clock: Clock;
  /** @param location a folder */
  openStorage(location: string): Promise<Storage>;
  readonly locateFile: LocateFile;
  readonly openSqlSession: OpenSqlSession;
  readonly startThrowawayServer: StartThrowawayServer;
  readonly tool: { readonly name: string; readonly version: string };
}
