import type { ThrowawayServer } from "./throwaway-server.ts";

/** One session with a server of our own, for the few statements that are neither backup nor restore. */
export interface SqlSession extends AsyncDisposable {
  /** As the server says it: `18.4`, and as a number: 180004. */
  readonly serverVersion: { readonly text: string; readonly number: number };
  /**
   * Sends all statements of `sql` in one message, which makes them one transaction; answers the rows of the last one. One
   * statement only for MySQL and MariaDB.
   * @throws BackupError SERVER, CONNECTION_LOST, INTERRUPTED
   */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>;
}

/**
 * Logs in as the server's superuser.
 * @throws BackupError CONNECT, SERVER, INTERRUPTED
 */
export type OpenSqlSession = (
  server: Pick<ThrowawayServer, "socketFolder" | "socketFile" | "port" | "user">,
  database: string,
  signal: AbortSignal,
) => Promise<SqlSession>;
