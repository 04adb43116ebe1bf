import { BytePermits } from "./byte-permits.ts";

/** Bytes of parts on their way, of all objects that are written at the same time: four parts, but one of the largest. */
export const SENDING_BYTES = 32 * 1024 * 1024;

/**
 * The memory for parts of all objects of a storage: how much may be on its way, and what was sent for those that come next. Left to
 * the garbage collector, sent parts took a fifth of an upload's time, and 60 MiB more.
 */
export class PartMemory {
  readonly sending = new BytePermits(SENDING_BYTES);
  readonly #free: Buffer[] = [];
  #bytes = 0;

  /** Whatever was in it before is there still. Memory that nobody has used yet costs nothing until it is touched. */
  take(size: number): Buffer {
    const at = this.#free.findIndex(({ length }) => length === size);
    if (at < 0) {
      // Parts grow with their number: those of another size are not asked for soon.
      this.#free.length = 0;
      this.#bytes = 0;
      return Buffer.allocUnsafeSlow(size);
    }
    const [buffer] = this.#free.splice(at, 1);
    this.#bytes -= size;
    return buffer!;
  }

  /** Nobody may use it any more. */
  give(buffer: Buffer): void {
    if (this.#bytes + buffer.length > SENDING_BYTES) return;
    this.#free.push(buffer);
    this.#bytes += buffer.length;
  }
}
