/** How much may come out of one compressed stream, when nothing says how much it should be. */
export const plainLimits = {
  /** Plain bytes: below the first anything goes, above it the ratio holds. */
  unquestionedPlainBytes: 64 * 1024 * 1024,
  plainRatio: 1000,
  /** Deflate cannot give more than 1032 times its size: a lower bound would only refuse honest tables. */
  deflateRatio: 1040,
} as const;
