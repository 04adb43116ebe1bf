/**
 * Who takes the row packets of a result, framed as they arrive. The consumer owns the memory that the socket writes to; the
 * connection owns every other packet.
 */
export interface RowPacketsConsumer {
  /** Where the next bytes go: at least one byte, valid until `received`, also while a pause lasts. */
  space(): Uint8Array;
  /**
   * `count` bytes are in the last `space()`.
   * @throws BackupError PROTOCOL when a row cannot be
   */
  received(count: number): RowPacketsStep;
}

export type RowPacketsStep =
  /** Read on. */
  | { readonly kind: "more" }
  /** Do not read before `until` resolves; when it rejects, the consumer has failed, and the session ends with that. */
  | { readonly kind: "pause"; readonly until: Promise<void> }
  /** A packet begins that is no row: `rest` holds it and all bytes after it, valid until the next `space()`. */
  | { readonly kind: "other"; readonly rest: Uint8Array };
