import type { ReadSink, Transport } from "../net/transport.ts";
import type { CopyOutConsumer, CopyOutStep } from "./copy-out-consumer.ts";
import { MessageDecoder } from "./messages/message-decoder.ts";
import type { MessageView } from "./messages/message-view.ts";

const readBufferLength = 64 * 1024;
const noBytes = Buffer.alloc(0);

export interface LinkHandler {
  /** One whole message, valid during the call. Throwing ends the link with that error. */
  onMessage(message: MessageView): void;
  /**
   * Over: the peer closed (no error) or the network failed; or it is ours: a handler, a consumer or the protocol failed,
   * or `destroy` was called. Called once.
   */
  onEnd(error: Error | undefined, isOurs: boolean): void;
}

/**
 * Between transport and connection: cuts arriving bytes into messages for a handler or, while a COPY runs, gives them
 * uncut to its consumer, straight from the socket.
 */
export class MessageLink implements ReadSink {
  readonly transport: Transport;
  readonly #decoder = new MessageDecoder();
  readonly #readBuffer = Buffer.allocUnsafeSlow(readBufferLength);
  #handler: LinkHandler;
  #consumer: CopyOutConsumer | undefined;
  /** Between CopyOutResponse and CopyDone; a message of another type may come in between. */
  #activeCopy: CopyOutConsumer | undefined;
  /** Where the transport writes what comes next, and whose memory that is. */
  #lent: Uint8Array = noBytes;
  #lentBy: CopyOutConsumer | undefined;
  #holds = 0;
  #ended = false;

  constructor(transport: Transport, handler: LinkHandler) {
    this.transport = transport;
    this.#handler = handler;
    transport.setSink(this);
    transport.resume();
  }

  setHandler(handler: LinkHandler): void {
    this.#handler = handler;
  }

  /** The server accepted us: larger messages may come. */
  setAuthenticated(): void {
    this.#decoder.authenticated = true;
  }

  /** From here on CopyData goes to `consumer`. Called when CopyOutResponse was handled, while the link is held. */
  startCopyOut(consumer: CopyOutConsumer): void {
    this.#activeCopy = consumer;
  }

  /** Called while handling the message that ends the copy. */
  endCopyOut(): void {
    this.#activeCopy = undefined;
  }

  /** True while a consumer or a row handler decides when bytes are read: the server's next message may wait long. */
  get isStreaming(): boolean {
    return this.#activeCopy !== undefined || this.#holds > 0;
  }

  /** Nothing is read or handled until the promise settles; what it rejects with is for its maker. */
  hold(until: Promise<unknown>): void {
    this.#holds++;
    const release = (): void => {
      this.#holds--;
      if (this.#holds > 0 || this.#ended) return;
      this.#consumer ??= this.#activeCopy;
      if (this.#run()) this.transport.resume();
    };
    until.then(release, release);
  }

  /** Ends the link at once; the handler is told. Safe to repeat. */
  destroy(error?: Error): void {
    this.transport.destroy();
    this.#end(error, true);
  }

  space(): Uint8Array {
    // While bytes wait that the consumer has not seen, its space is still needed for them.
    this.#lentBy = this.#decoder.unread.length === 0 ? this.#consumer : undefined;
    this.#lent = this.#lentBy?.space() ?? this.#readBuffer;
    return this.#lent;
  }

  received(count: number): boolean {
    if (this.#ended) return false;
    try {
      this.#take(count);
      return this.#run();
    } catch (error) {
      this.destroy(error as Error);
      return false;
    }
  }

  ended(error?: Error): void {
    this.#end(error, false);
  }

  #end(error: Error | undefined, isOurs: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.transport.destroy();
    this.#handler.onEnd(error, isOurs);
  }

  #take(count: number): void {
    if (this.#consumer === undefined || this.#lentBy !== this.#consumer) {
      // Perhaps for a consumer: the read was under way into our buffer before it could lend its own.
      this.#decoder.feed(this.#lent.subarray(0, count));
      return;
    }
    const step = this.#consumer.received(count);
    this.#consumed(step);
    // Messages again. Nothing else waits, or the consumer's memory would not have been lent.
    if (step.kind === "other") this.#decoder.feed(step.rest);
  }

  /** Handles what is there; answers whether more may be read. */
  #run(): boolean {
    try {
      while (this.#holds === 0 && !this.#ended) {
        if (this.#consumer !== undefined) {
          if (this.#decoder.unread.length === 0) return true;
          this.#feedConsumer(this.#consumer);
        } else {
          if (!this.#decoder.next()) return true;
          this.#handler.onMessage(this.#decoder);
          if (this.#activeCopy !== undefined) this.#consumer = this.#activeCopy;
        }
      }
    } catch (error) {
      this.destroy(error as Error);
    }
    return false;
  }

  /**
   * Gives it what came with other messages. What it does not take stays where it is: with many small tables that is most of what was
   * read, and copies of it for each table would be 7 KiB a table that wait for the garbage collector.
   */
  #feedConsumer(consumer: CopyOutConsumer): void {
    const space = consumer.space();
    const { unread } = this.#decoder;
    const count = Math.min(space.length, unread.length);
    space.set(unread.subarray(0, count));
    this.#decoder.skip(count);
    const step = consumer.received(count);
    this.#consumed(step);
    if (step.kind === "other") this.#decoder.putBack(step.rest.length);
  }

  #consumed(step: CopyOutStep): void {
    switch (step.kind) {
      case "more":
        return;
      case "pause":
        this.hold(step.until.catch((error: unknown) => this.destroy(error as Error)));
        return;
      case "other":
        this.#consumer = undefined;
        return;
      default:
        step satisfies never;
    }
  }
}
