import type { ConnectionRequest } from "../../ports/connection-request.ts";

/** How a backup is to be proved by a restore. */
export interface ProofRequest {
  /** A server of the user's, for a scratch database there; else one is started, and goes away. */
  readonly server?: ConnectionRequest;
  /** A server of ours may have the rows of an encrypted backup in its files. */
  readonly allowsPlainScratch?: boolean;
  /** Queries that should give no row. */
  readonly checks: readonly string[];
  /** Sessions that restore and read beside each other. */
  readonly jobs: number;
  /** Plain bytes of one table or large object, as for a restore. */
  readonly maxPlainBytes?: number;
  /** Bytes of memory that the processes of a server of ours may take together. */
  readonly maxMemoryBytes?: number;
  readonly allowedExtensions: readonly string[];
}
