import type { LinkHandler } from "./packet-link.ts";

/** Packets for one who asks for them, as the login does. */
export class PacketInbox implements LinkHandler {
  readonly #failure: (error: Error | undefined) => Error;
  readonly #arrived: Buffer[] = [];
  #waiting: PromiseWithResolvers<Buffer> | undefined;
  #over: Error | undefined;

  /** @param failure what `next` rejects with when the link ends */
  constructor(failure: (error: Error | undefined) => Error) {
    this.#failure = failure;
  }

  next(): Promise<Buffer> {
    const packet = this.#arrived.shift();
    if (packet !== undefined) return Promise.resolve(packet);
    if (this.#over !== undefined) return Promise.reject(this.#over);
    this.#waiting = Promise.withResolvers<Buffer>();
    return this.#waiting.promise;
  }

  onPacket(packet: Buffer): void {
    const copy = Buffer.from(packet);
    if (this.#waiting === undefined) this.#arrived.push(copy);
    else this.#waiting.resolve(copy);
    this.#waiting = undefined;
  }

  onEnd(error: Error | undefined): void {
    this.#over = this.#failure(error);
    this.#waiting?.reject(this.#over);
    this.#waiting = undefined;
  }
}
