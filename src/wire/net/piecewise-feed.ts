import type { ReadSink } from "./transport.ts";

/** Copies bytes that arrived elsewhere into a sink's spaces, and keeps what is left when the sink stops in between. */
export class PiecewiseFeed {
  #left: Uint8Array | undefined;

  get isEmpty(): boolean {
    return this.#left === undefined;
  }

  /**
   * Gives `bytes` to whoever is the sink at each step; answers false when it stopped. Not before an earlier rest is gone.
   */
  push(bytes: Uint8Array, sinkNow: () => ReadSink): boolean {
    if (this.#left !== undefined) throw new Error("bytes pushed while earlier ones wait");
    for (let at = 0; at < bytes.length; ) {
      const sink = sinkNow();
      const space = sink.space();
      const count = Math.min(space.length, bytes.length - at);
      space.set(bytes.subarray(at, at + count));
      at += count;
      if (!sink.received(count)) {
        if (at < bytes.length) this.#left = Buffer.from(bytes.subarray(at));
        return false;
      }
    }
    return true;
  }

  /** Goes on with what was left; answers whether all of it is gone and reading may go on. */
  resume(sinkNow: () => ReadSink): boolean {
    const left = this.#left;
    if (left === undefined) return true;
    this.#left = undefined;
    return this.push(left, sinkNow);
  }
}
