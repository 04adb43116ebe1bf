import { formatRowSum, type RowTotals } from "../../../core/row-totals.ts";
import { valuesScannerWasm } from "./values-scanner.wasm.ts";

/** What values-scanner.as.ts exports. Addresses and lengths are in bytes of its memory. */
interface ValuesScannerExports {
  memoryBase(): number;
  reset(): void;
  beginStatement(): void;
  scan(begin: number, end: number, hasEscapes: boolean): void;
  isInRow(): number;
  rowCount(): bigint;
  byteCount(): bigint;
  checksumLow(): bigint;
  checksumHigh(): bigint;
}

/** How much is copied to the scanner's memory at a time; stays in the second-level cache. */
const inputSize = 256 * 1024;
const wasmPage = 65_536;
/** The code's own data (secret, lanes, parts of a row) ends well below this; the start checks it. */
const ownData = 4096;

/** Counts and checksums the rows of INSERT statements, given in pieces cut anywhere; a row may be larger than memory. */
export class ValuesScanner {
  readonly #wasm: ValuesScannerExports;
  readonly #input: Uint8Array;

  constructor() {
    const pages = Math.ceil((ownData + inputSize) / wasmPage);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const compiled = new WebAssembly.Module(Buffer.from(valuesScannerWasm, "base64"));
    this.#wasm = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as ValuesScannerExports;
    if (this.#wasm.memoryBase() > ownData) throw new Error("the scanner's own data has outgrown its place");
    this.#input = new Uint8Array(memory.buffer, ownData, inputSize);
  }

  /** What comes next stands behind VALUES of the next statement. */
  beginStatement(): void {
    this.#wasm.beginStatement();
  }

  /** @param hasEscapes whether a backslash in a string takes the byte behind it along */
  push(piece: Uint8Array, hasEscapes: boolean): void {
    for (let at = 0; at < piece.length; at += inputSize) {
      const part = piece.subarray(at, at + inputSize);
      this.#input.set(part);
      this.#wasm.scan(ownData, ownData + part.length, hasEscapes);
    }
  }

  /** Whether a parenthesis is open. */
  get isInRow(): boolean {
    return this.#wasm.isInRow() !== 0;
  }

  /** What was seen since the last call. */
  take(): RowTotals {
    const wasm = this.#wasm;
    const low = BigInt.asUintN(64, wasm.checksumLow());
    const high = BigInt.asUintN(64, wasm.checksumHigh());
    const totals = {
      rows: Number(BigInt.asUintN(64, wasm.rowCount())),
      bytes: Number(BigInt.asUintN(64, wasm.byteCount())),
      checksum: formatRowSum((high << 64n) | low),
    };
    wasm.reset();
    return totals;
  }
}
