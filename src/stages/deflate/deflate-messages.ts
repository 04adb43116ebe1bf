/** What a thread is started with. */
export interface DeflateStart {
  readonly module: WebAssembly.Module;
  /** Shared with the owner. */
  readonly memory: WebAssembly.Memory;
}

/** Deflate what was put into an area. */
export interface DeflateOrder {
  readonly area: number;
  /** How many bytes of the stream lie before the input. */
  readonly history: number;
  readonly length: number;
}

/** What an area holds now. */
export interface DeflateAnswer {
  readonly area: number;
  readonly size: number;
  /** Adler-32 of the input alone. */
  readonly checksum: number;
}
