/** The stored bytes of one compressed stream, wherever they lie. */
export interface StoredStream {
  /** Where in the archive reading has come, for messages. */
  readonly position: number;
  /** Stored bytes that are known to belong to it so far. */
  readonly storedBytes: number;
  /** The stored bytes, each piece valid until the next one is asked for. Leaving early is fine. */
  pieces(): AsyncGenerator<Buffer>;
  /** Moves behind the stream, however much of it was read. */
  skipRest(): Promise<void>;
}
