import { insertScannerWasm } from "./insert-scanner.wasm.ts";

/** What `scan` answers. */
export const ScanStatus = {
  /** All input was taken. */
  more: 0,
  /** The output block is full: give the next one and go on from `position()`. */
  full: 1,
  /** At `position()` a packet begins that is no row. */
  other: 2,
  /** From `position()` on are the first bytes of a packet, too few to tell: present them again with more. */
  undecided: 3,
  /** A row has other columns than it should, or lengths that cannot be. */
  badRow: 4,
  /** With a line its limit is reached: note the totals, begin new ones, and go on from `position()`. */
  cut: 5,
} as const;

/** What insert-scanner.as.ts exports. Addresses and lengths are in bytes of its memory. */
export interface InsertScannerExports {
  memoryBase(): number;
  reset(kinds: number, columns: number, head: number, headLength: number, limit: number): void;
  resetLines(kinds: number, columns: number, limit: bigint): void;
  resetTotals(): void;
  setOutput(begin: number, end: number): void;
  scan(begin: number, end: number): number;
  endStatement(): void;
  position(): number;
  outputPosition(): number;
  hasOpenRow(): number;
  rowCount(): bigint;
  byteCount(): bigint;
  checksumLow(): bigint;
  checksumHigh(): bigint;
}

const WASM_PAGE = 65_536;
/** The code's own data ends well below this; the start checks it. */
const OWN_DATA = 4096;
let compiled: WebAssembly.Module | undefined;

/** A scanner with `size` bytes of memory for the host, from `base` on. Pages that are never touched cost nothing. */
export function openInsertScanner(size: number): {
  readonly wasm: InsertScannerExports;
  readonly memory: ArrayBuffer;
  readonly base: number;
} {
  compiled ??= new WebAssembly.Module(Buffer.from(insertScannerWasm, "base64"));
  const pages = Math.ceil((OWN_DATA + size) / WASM_PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const wasm = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as InsertScannerExports;
  if (wasm.memoryBase() > OWN_DATA) throw new Error("the scanner's own data has outgrown its place");
  return { wasm, memory: memory.buffer, base: OWN_DATA };
}
