import type { CompressionMethod } from "./compression.ts";

/** The compression that a file's first bytes show. */
export function recognizeCompression(head: Buffer): CompressionMethod {
  if (head.length >= 2 && head.readUInt16BE() === 0x1f8b) return "gzip";
  if (head.length >= 4 && head.readUInt32LE() === 0xfd2fb528) return "zstd";
  if (head.length >= 4 && head.readUInt32LE() === 0x184d2204) return "lz4";
  return "none";
}
