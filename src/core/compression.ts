import { BackupError } from "./backup-error.ts";

export type CompressionMethod = "none" | "gzip" | "zstd" | "lz4";

/** How stored bytes are compressed; written in metadata as `gzip-4`, `none`, `lz4-1`. */
export interface Compression {
  readonly method: CompressionMethod;
  /** 0 for `none`. */
  readonly level: number;
}

/**
 * Levels each method takes, with our default. gzip 4 gives about the size of pg_dump's default (zlib 6 of the system
 * library) in a fraction of the time: long streams are deflated by code of our own, the others by Node's zlib.
 */
export const compressionLevels: Readonly<
  Record<CompressionMethod, { readonly min: number; readonly max: number; readonly default: number }>
> = {
  none: { min: 0, max: 0, default: 0 },
  gzip: { min: 1, max: 9, default: 4 },
  zstd: { min: 1, max: 19, default: 3 },
  lz4: { min: 1, max: 1, default: 1 },
};

/**
 * Reads `gzip`, `gzip:6`, `zstd:3`, `lz4`, `none`.
 * @throws BackupError USAGE when the method is unknown or the level out of its range.
 */
export function parseCompression(text: string): Compression {
  const [name = "", levelText, ...rest] = text.split(":");
  const range = Object.hasOwn(compressionLevels, name) ? compressionLevels[name as CompressionMethod] : undefined;
  if (range === undefined || rest.length > 0) {
    throw new BackupError({
      code: "USAGE",
      message: `unknown compression "${text}"`,
      hint: "use none, gzip[:1-9], zstd[:1-19] or lz4",
    });
  }
  const method = name as CompressionMethod;
  if (levelText === undefined) return { method, level: range.default };
  const level = /^\d{1,2}$/.test(levelText) ? Number(levelText) : Number.NaN;
  if (!(level >= range.min && level <= range.max) || method === "none") {
    throw new BackupError({
      code: "USAGE",
      message: `compression "${text}" has no such level`,
      hint: method === "none" ? "use none without a level" : `use ${method}:${range.min} to ${method}:${range.max}`,
    });
  }
  return { method, level };
}

/** The form used in metadata: `gzip-4`, `none`. */
export function formatCompression(compression: Compression): string {
  return compression.method === "none" ? "none" : `${compression.method}-${compression.level}`;
}
