import type { RowTotals } from "../../core/row-totals.ts";
import { formatRowSum } from "../../core/row-totals.ts";
import { copyScannerWasm } from "./copy-scanner.wasm.ts";

/** Answers of the scanning functions; scan-status.as.ts explains them. */
export const ScanStatus = {
  more: 0,
  full: 1,
  other: 2,
  badLength: 3,
  endOfData: 4,
  undecided: 5,
  badRow: 6,
  longRow: 7,
} as const;

/** What copy-scanner.as.ts exports. Addresses and lengths are in bytes of its memory. */
interface CopyScannerExports {
  memoryBase(): number;
  reset(maxMessageLength: number, binaryColumns: number): void;
  columnKinds(): number;
  setOutput(begin: number, end: number): void;
  scanMessages(begin: number, end: number): number;
  scanText(begin: number, end: number): number;
  position(): number;
  outputPosition(): number;
  badLength(): number;
  isInRow(): number;
  isInMessage(): number;
  rowCount(): bigint;
  checksumLow(): bigint;
  checksumHigh(): bigint;
}

export interface CopyScannerInstance {
  readonly wasm: CopyScannerExports;
  readonly memory: ArrayBuffer;
  /** First address that the host may use. */
  readonly base: number;
}

const WASM_PAGE = 65_536;
/** The code's own data (secret, lanes, parts of a row) ends well below this; the start checks it. */
const OWN_DATA = 4096;
let compiled: WebAssembly.Module | undefined;

/**
 * A scanner with `size` bytes of memory for the host. The memory never grows, so views of it stay valid; pages that are
 * never touched cost nothing.
 */
export function openCopyScanner(size: number): CopyScannerInstance {
  compiled ??= new WebAssembly.Module(Buffer.from(copyScannerWasm, "base64"));
  const pages = Math.ceil((OWN_DATA + size) / WASM_PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const wasm = new WebAssembly.Instance(compiled, { env: { memory } }).exports as CopyScannerExports;
  if (wasm.memoryBase() > OWN_DATA) throw new Error("the scanner's own data has outgrown its place");
  return { wasm, memory: memory.buffer, base: OWN_DATA };
}

export function readTotals(wasm: CopyScannerExports, bytes: number): RowTotals {
  const low = BigInt.asUintN(64, wasm.checksumLow());
  const high = BigInt.asUintN(64, wasm.checksumHigh());
  return { rows: Number(BigInt.asUintN(64, wasm.rowCount())), bytes, checksum: formatRowSum((high << 64n) | low) };
}
