/** One whole message inside a buffer: `buffer[bodyStart, bodyEnd)` is its body. */
export interface MessageView {
  /** See MessageType. */
  readonly type: number;
  readonly buffer: Buffer;
  readonly bodyStart: number;
  readonly bodyEnd: number;
}
