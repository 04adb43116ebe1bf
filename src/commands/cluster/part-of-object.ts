import type { OpenedObject } from "../../ports/storage.ts";

/** Some of an object's bytes, as an object of their own. Closing it closes the whole. */
export class PartOfObject implements OpenedObject {
  readonly key: string;
  readonly size: number;
  readonly #whole: OpenedObject;
  readonly #start: number;

  /** @param end up to the end of the object when absent */
  constructor(whole: OpenedObject, start: number, end: number = whole.size) {
    this.key = whole.key;
    this.size = end - start;
    this.#whole = whole;
    this.#start = start;
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    const count = Math.min(target.length, Math.max(0, this.size - position));
    return count === 0 ? 0 : await this.#whole.readAt(this.#start + position, target.subarray(0, count));
  }

  close(): Promise<void> {
    return this.#whole.close();
  }
}
