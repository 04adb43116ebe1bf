import * as zlib from "node:zlib";
import { driveZlib, type ZlibKind } from "./zlib-driver.ts";

/** Plain bytes come in pieces of this size: few trips to the thread pool, little memory. */
const CHUNK_SIZE = 256 * 1024;

const options = { chunkSize: CHUNK_SIZE };

const containers: Readonly<Record<"zlib" | "gzip", ZlibKind>> = {
  zlib: { method: "gzip", open: () => zlib.createInflate(options), whole: zlib.inflateSync },
  gzip: { method: "gzip", open: () => zlib.createGunzip(options), whole: zlib.gunzipSync },
};

/** Plain bytes of a zlib stream, or of a gzip file of one or more members. zlib checks their checksums and sizes. */
export function decompressGzip(container: "zlib" | "gzip", source: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  return driveZlib(containers[container], source);
}
