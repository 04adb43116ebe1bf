import type { LinkHandler } from "./message-link.ts";
import { malformed } from "./messages/body-reader.ts";
import type { MessageView } from "./messages/message-view.ts";

/** During a login a server has no reason to send more than this without an answer. */
const maxWaiting = 1000;

/** Messages one at a time for a conversation that waits for each: the login. */
export class MessageInbox implements LinkHandler {
  readonly #waiting: MessageView[] = [];
  #wanted: PromiseWithResolvers<MessageView> | undefined;
  #end: { readonly error: Error | undefined } | undefined;
  readonly #lost: (error: Error | undefined) => Error;

  /** `lost` makes the error for a connection that ends in between. */
  constructor(lost: (error: Error | undefined) => Error) {
    this.#lost = lost;
  }

  /** The next message (a copy). */
  async next(): Promise<MessageView> {
    const first = this.#waiting.shift();
    if (first !== undefined) return first;
    if (this.#end !== undefined) throw this.#lost(this.#end.error);
    this.#wanted = Promise.withResolvers();
    return this.#wanted.promise;
  }

  onMessage(message: MessageView): void {
    const body = Buffer.from(message.buffer.subarray(message.bodyStart, message.bodyEnd));
    const copy = { type: message.type, buffer: body, bodyStart: 0, bodyEnd: body.length };
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted !== undefined) wanted.resolve(copy);
    else if (this.#waiting.push(copy) > maxWaiting) throw malformed("no end during the login");
  }

  onEnd(error: Error | undefined): void {
    this.#end = { error };
    this.#wanted?.reject(this.#lost(error));
    this.#wanted = undefined;
  }
}
