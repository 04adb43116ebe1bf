import type { ByteSink } from "./byte-sink.ts";
import type { OpenedObject } from "./storage.ts";

/** A finished backup that is to come into a storage as it is. */
export interface TransferRequest {
  /** Of the transfer, a UUID: the same for each run of it. */
  readonly id: string;
  /** What it is, for people who find it unfinished. */
  readonly note: string;
  /** Key of the folder that its files lie in, if they do; others lie beside that. */
  readonly folder: string | undefined;
  /** Key of the last object, if it is known: once it is there, of this transfer, nothing of it is removed any more. */
  readonly seal: string | undefined;
}

/**
 * A backup on its way into a storage. What came outlives the process: who begins a transfer of the same backup goes on with
 * it. Nothing counts before the seal.
 */
export interface Transfer {
  /** For people: where it is while it is unfinished. */
  readonly location: string;
  /**
   * Begins the file of this key, or goes on with it. Files may be written beside each other.
   * @throws BackupError EXISTS when the key is somebody else's
   */
  open(key: string): Promise<TransferredFile>;
  /**
   * Gives all files their keys; each must have ended.
   * @throws BackupError EXISTS when a key is somebody else's
   */
  publish(): Promise<void>;
  /** Writes the last object, which makes all count. @throws BackupError EXISTS */
  seal(key: string, bytes: Uint8Array): Promise<void>;
  /** Removes all that came, unless it is sealed, by this run or another. */
  discard(): Promise<void>;
  /** Ends this run of it. What came stays for the next, unless it is sealed or discarded. Safe to repeat. */
  end(): Promise<void>;
}

/** A file of a transfer. */
export interface TransferredFile extends ByteSink {
  /** Bytes that are there from an interrupted run: what is written comes behind them. */
  readonly position: number;
  /** Reads those bytes; missing where a service takes bytes and shows none before they are whole. Closed by whoever asked. */
  readonly resumed?: OpenedObject;
  /** Nothing more comes: all is durable. */
  end(): Promise<void>;
}
