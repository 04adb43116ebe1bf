import { deflateWasm } from "./deflate.wasm.ts";

/** What deflate.as.ts exports. Addresses and lengths are in bytes of its memory; checksums are signed 32-bit. */
export interface DeflateExports {
  memoryBase(): number;
  /** Raw deflate of `length` bytes at `from` with `history` bytes before them; ends at a byte border. Answers the size. */
  deflate(history: number, from: number, length: number, to: number): number;
  adler32(checksum: number, at: number, length: number): number;
}

/** Where the bytes of one job lie in the memory. */
export interface DeflateArea {
  readonly input: number;
  readonly output: number;
}

/** The most bytes that are compressed at once, and how far back deflate can refer. */
export const DEFLATE_INPUT = 1024 * 1024;
export const DEFLATE_HISTORY = 32 * 1024;
/** Input that cannot be compressed is stored, with a few bytes for each 64 KiB. */
export const DEFLATE_OUTPUT = DEFLATE_INPUT + DEFLATE_INPUT / 256 + 64;
const SLACK = 64;
const AREA_SIZE = DEFLATE_HISTORY + DEFLATE_INPUT + SLACK + DEFLATE_OUTPUT + SLACK;

const WASM_PAGE = 65_536;
/** The code's own data (tables, the matches of a block) ends below this; the start checks it. */
const OWN_DATA = 192 * 1024;

let compiled: WebAssembly.Module | undefined;

/** The compiled code, which all threads share. */
export function deflateModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(deflateWasm, "base64"));
  return compiled;
}

/** Memory for an instance with `areas` jobs. Shared between threads, so that nothing is copied to pass from one to another. */
export function deflateMemory(areas: number): WebAssembly.Memory {
  const pages = Math.ceil((OWN_DATA + areas * AREA_SIZE) / WASM_PAGE);
  const size = { initial: pages, maximum: pages, shared: true };
  return new WebAssembly.Memory(size);
}

export function deflateArea(number: number): DeflateArea {
  const input = OWN_DATA + number * AREA_SIZE + DEFLATE_HISTORY;
  return { input, output: input + DEFLATE_INPUT + SLACK };
}

/** The code with its memory, of which it may be the only instance. */
export function openDeflate(module: WebAssembly.Module, memory: WebAssembly.Memory): DeflateExports {
  const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as DeflateExports;
  if (wasm.memoryBase() > OWN_DATA) throw new Error("the own data of deflate has outgrown its place");
  return wasm;
}
