import type { ConnectionRequest } from "./connection-request.ts";

/** A place on this machine where a server seems to be, or what the user's own settings name. */
export interface ServerCandidate {
  /** For people: `socket /run/postgresql, port 5432`. */
  readonly title: string;
  readonly connection: ConnectionRequest;
}

/** A server that answered, and what can be backed up of it. */
export interface ListedServer {
  /** `PostgreSQL 18.4` */
  readonly product: string;
  /** Of its version, the first number. */
  readonly major: number;
  /** `host:port`, or the path of its socket. */
  readonly address: string;
  readonly user: string;
  /** Those of users, by name. `bytes` is missing where this user may not know it. */
  readonly databases: readonly { readonly name: string; readonly bytes?: number }[];
}

/** The part of an engine that looks for servers on this machine. It asks no network: sockets, settings, and 127.0.0.1. */
export interface ServerFinder {
  /** Places where clients of these servers look, in that order; what nobody listens on is left out. */
  candidates(environment: Readonly<Record<string, string | undefined>>): Promise<readonly ServerCandidate[]>;
  /** @throws BackupError CONNECT, AUTH, SERVER, UNSUPPORTED_SERVER, INTERRUPTED */
  list(connection: ConnectionRequest, signal: AbortSignal): Promise<ListedServer>;
  /** Who administers such a server when nobody says otherwise. */
  readonly usualUser: string;
  /** The least that a backup of this database needs, as statements. Pure. */
  backupRole(database: string, server: ListedServer): readonly string[];
}
