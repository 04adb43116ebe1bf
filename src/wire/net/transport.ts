/**
 * Who takes the bytes that arrive. The sink owns the memory, so that the hot path can let the socket write straight into
 * WebAssembly memory, with no copy between.
 */
export interface ReadSink {
  /**
   * Where the next bytes go: at least one byte, valid until `received`, also while reading is stopped (the socket asks
   * for the next space as soon as `received` returns). Memory must not move meanwhile.
   */
  space(): Uint8Array;
  /**
   * `count` bytes are in the last `space()`. Answer false to stop reading; whoever stopped calls `resume()` of the
   * transport (pacing reads on TCP saves most of the client's CPU).
   */
  received(count: number): boolean;
  /** No more bytes: the peer closed (no error) or the connection broke. Called once. */
  ended(error?: Error): void;
}

/** A byte stream to a server: TCP, Unix socket or TLS over TCP. */
export interface Transport {
  readonly kind: "tcp" | "unix" | "tls";
  /**
   * Sends bytes; resolves when the memory may be used again and more may be written (back-pressure).
   * After the connection broke it resolves too: the sink's `ended` tells.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Switches who takes arriving bytes; bytes read into the old sink's space are copied. */
  setSink(sink: ReadSink): void;
  resume(): void;
  /** Sends the last bytes and closes; resolves when the peer closed too, or after a short while. */
  end(last: Uint8Array): Promise<void>;
  /** Closes at once. Safe to repeat. */
  destroy(): void;
}
