import type { ByteSink } from "./byte-sink.ts";

/** A temporary place for bytes whose number must be known before they can be passed on. Used again and again. */
export interface Spool extends ByteSink {
  /** Bytes that were written since it was empty. */
  readonly size: number;
  /** Gives all bytes back, front to back, each piece valid until the next is asked for; then it is empty. */
  drain(): AsyncIterable<Uint8Array>;
  /** Removes it. Safe to repeat. */
  close(): Promise<void>;
}

/** Whoever offers spools closes them, when the work ends. @throws BackupError IO */
export type OpenSpool = () => Promise<Spool>;
