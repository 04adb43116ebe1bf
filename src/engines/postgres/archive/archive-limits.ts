import { constants } from "node:buffer";
import { plainLimits } from "../../../core/plain-limits.ts";

/** What a reader accepts from a stranger's archive. Checked before memory is taken for it. */
export const archiveLimits = {
  entries: 10_000_000,
  /** PostgreSQL's own limit is 1 GiB; V8 holds no string above about 512 MiB, and no real definition comes near. */
  stringBytes: Math.min(2 ** 30, constants.MAX_STRING_LENGTH),
  /**
   * An entry has at least this many octets: 5 integers, 12 strings and the end of its dependencies, in 1.12; behind them
   * a position (5 octets, counted among the 80) or the name of a file (an empty one).
   */
  minEntryBytes: { positions: 80, files: 75 },
  /** Longest line of a list of large objects: two numbers of 10 digits and what stands around them. */
  largeObjectLineBytes: 64,
  maxDumpId: 2 ** 31 - 1,
  maxOid: 2 ** 32 - 1,
  ...plainLimits,
} as const;
