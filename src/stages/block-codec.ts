import { blockCodecWasm } from "./block-codec.wasm.ts";

/** What block-codec.as.ts exports. Addresses and lengths are in bytes of its memory; checksums are signed 32-bit. */
export interface BlockCodecExports {
  memoryBase(): number;
  adler32(checksum: number, at: number, length: number): number;
  xxh32Reset(): void;
  xxh32Update(at: number, length: number): void;
  xxh32Digest(): number;
  xxh32Of(at: number, length: number): number;
  lz4Compress(from: number, length: number, to: number): number;
  lz4Decompress(from: number, length: number, to: number, capacity: number, window: number): number;
}

export interface BlockCodec {
  readonly wasm: BlockCodecExports;
  /** The whole memory, so that addresses are indexes. */
  readonly memory: Buffer;
  /** First address that the host may use. */
  readonly base: number;
}

/** How far the code may read or write beyond an area it is given. */
export const BLOCK_CODEC_SLACK = 64;

const WASM_PAGE = 65_536;
/** The code's own data (the hash table, above all) ends below this; the start checks it. */
const OWN_DATA = 80 * 1024;
let compiled: WebAssembly.Module | undefined;

/** An instance with `size` bytes of memory for the host, which cost nothing before they are touched. */
export function openBlockCodec(size: number): BlockCodec {
  compiled ??= new WebAssembly.Module(Buffer.from(blockCodecWasm, "base64"));
  const pages = Math.ceil((OWN_DATA + size) / WASM_PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const wasm = new WebAssembly.Instance(compiled, { env: { memory } }).exports as BlockCodecExports;
  if (wasm.memoryBase() > OWN_DATA) throw new Error("the codec's own data has outgrown its place");
  return { wasm, memory: Buffer.from(memory.buffer), base: OWN_DATA };
}
