import type { IncomingMessage } from "node:http";

/** What a test wants of the server; all of it may be changed while it runs. */
export interface GcsServerWishes {
  /** Names of a page of a listing at most. */
  pageSize?: number;
  /** Bytes of a chunk that are kept, as Google may keep fewer than were sent. */
  keptOfChunk?: number;
  /** Bytes that one request of a rewrite copies. */
  rewrittenAtOnce?: number;
  /** Key of the account whose tokens are taken, beside those that the server gave out. Without it everybody may do everything. */
  publicKey?: string;
  /** What is exchanged for a token, as by workload identity federation. */
  subjectToken?: string;
  /** Nobody may remove or replace an object: as for an account without that right, or by a retention policy. */
  keeps?: "right" | "retention";
  /** Buckets take objects with a retention of their own. */
  objectRetention?: boolean;
  /** Objects with this in their names may be removed and replaced nevertheless, as by a condition of the right. */
  keepsNot?: string;
  fate?: (request: IncomingMessage) => GcsFate | undefined;
  /** Milliseconds that the clock of the server is ahead. */
  clockAhead?: number;
}

export const gcsFates = [
  "lost",
  "answer-lost",
  "unavailable",
  "slow-down",
  "delayed",
  /** Half of a chunk arrives. */
  "cut-chunk",
  /** A bit of what is written changes on its way. */
  "flipped",
  /** A bit of what is read. */
  "answer-flipped",
  /** The answer breaks off. */
  "truncated",
  "range-ignored",
] as const;

/** What may happen to a request or to its answer. */
export type GcsFate = (typeof gcsFates)[number];
