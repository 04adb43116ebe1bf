import type { ConnectionRequest } from "./connection-request.ts";
import type { NotIncluded } from "./dump.ts";

/** One thing that was looked at before a backup. */
export interface Check {
  /** A stable word: `connection`, `rights`, `objects`, `locks`, `repository`, `space`, ... */
  readonly name: string;
  /** `error`: the backup would fail. */
  readonly status: "ok" | "warning" | "error";
  readonly message: string;
  /** What it was found on. */
  readonly details?: readonly string[];
  /** What to do about it. */
  readonly hint?: string;
}

/** What a server says about backing up one of its databases. */
export interface SourceReport {
  readonly serverVersion: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Of the whole database, indexes included. */
  readonly databaseBytes: number;
  /** Of tables and large objects without indexes: about what will be read. */
  readonly dataBytes: number;
  readonly checks: readonly Check[];
  readonly notIncluded: readonly NotIncluded[];
}

/** What is to be backed up. */
export interface SourceCheckRequest {
  readonly connection: ConnectionRequest;
  readonly database: string;
  /** Extensions that would be dumped although a restore of them needs more than a dump holds. */
  readonly allowedExtensions: readonly string[];
}

/** The part of an engine that looks before it leaps. Changes nothing on the server, takes no locks. */
export interface SourceChecker {
  /** @throws BackupError CONNECT, AUTH, SERVER, UNSUPPORTED_SERVER, CONNECTION_LOST, INTERRUPTED */
  check(request: SourceCheckRequest, signal: AbortSignal): Promise<SourceReport>;
}
