/**
 * Who takes the CopyData messages of a COPY ... TO STDOUT, framed as they arrive. The consumer owns the memory that the
 * socket writes to; the connection owns everything that is not CopyData.
 */
export interface CopyOutConsumer {
  /**
   * Where the next bytes go: at least one byte, valid until `received`, also while a pause lasts (a socket asks for its
   * next space as soon as `received` returned).
   */
  space(): Uint8Array;
  /**
   * `count` bytes are in the last `space()`.
   * @throws BackupError PROTOCOL when a message cannot be, or whatever made the consumer fail earlier.
   */
  received(count: number): CopyOutStep;
}

export type CopyOutStep =
  /** Read on. */
  | { readonly kind: "more" }
  /** Do not read before `until` resolves; when it rejects, the consumer has failed. */
  | { readonly kind: "pause"; readonly until: Promise<void> }
  /**
   * A message begins that is not CopyData: `rest` holds it and all bytes after it, and is valid until the next `space()`.
   * If copying goes on after it (a notice), what follows is given through `space()` and `received` again.
   */
  | { readonly kind: "other"; readonly rest: Uint8Array };
