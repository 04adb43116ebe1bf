import * as zlib from "node:zlib";
import { driveZlib } from "./zlib-driver.ts";

/** Plain bytes come in pieces of this size: few trips to the thread pool, little memory. */
const CHUNK_SIZE = 256 * 1024;

/** Plain bytes of a zlib stream, or of a gzip file of one or more members. zlib checks their checksums and sizes. */
export function decompressGzip(container: "zlib" | "gzip", source: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  const options = { chunkSize: CHUNK_SIZE };
  return driveZlib("gzip", container === "zlib" ? zlib.createInflate(options) : zlib.createGunzip(options), source);
}
