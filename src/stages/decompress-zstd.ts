import * as zlib from "node:zlib";
import { damagedStream } from "./damaged-stream.ts";
import { driveZlib, type ZlibKind } from "./zlib-driver.ts";
import { ZstdFrameWalker } from "./zstd-frame-walker.ts";

/** Plain bytes come in pieces of this size: few trips to the thread pool, little memory. */
const CHUNK_SIZE = 256 * 1024;
/** 128 MiB: what zstd itself accepts unless told otherwise. A frame that needs more is refused, it could fill memory. */
const WINDOW_LOG_MAX = 27;

const params = { [zlib.constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX };

const frames: ZlibKind = {
  method: "zstd",
  open: () => zlib.createZstdDecompress({ chunkSize: CHUNK_SIZE, params }),
  whole: (stored, options) => zlib.zstdDecompressSync(stored, { ...options, params }),
};

/** Plain bytes of one or more zstd frames; checksums are verified where frames have them. */
export async function* decompressZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const walker = new ZstdFrameWalker();
  yield* driveZlib(frames, cutAtFrames(walker, source));
  if (!walker.atEndOfFrame) throw damagedStream("zstd", "is cut off");
}

/** The same bytes, each piece holding bytes of one frame only. */
async function* cutAtFrames(walker: ZstdFrameWalker, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    let begin = 0;
    for (const end of walker.walk(piece)) {
      yield piece.subarray(begin, end);
      begin = end;
    }
    if (begin < piece.length) yield piece.subarray(begin);
  }
}
