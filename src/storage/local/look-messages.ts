/** What the thread is to look at. */
export interface LookOrder {
  readonly location: string;
  /** Keys in UTF-8, with a zero byte, which no name holds, between them. */
  readonly keys: Uint8Array;
  /** For each key of all orders two numbers: bytes and milliseconds since 1970. */
  readonly answer: Float64Array;
  /** Where that of the first key stands. */
  readonly at: number;
}

/** In the place of the bytes: there is no file of this name. */
export const NO_FILE = -1;
/** In the place of the bytes: whoever wants to know why must look himself. */
export const FAILED = -2;
