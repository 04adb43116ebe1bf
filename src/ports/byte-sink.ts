/** Where a producer puts bytes, one write at a time, in order. */
export interface ByteSink {
  /**
   * Takes `bytes`; resolves when the caller may reuse the memory and write again. Calls must not overlap.
   * A failure is final: later writes fail alike.
   */
  write(bytes: Uint8Array): Promise<void>;
}
