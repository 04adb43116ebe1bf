import type { ReadSink, Transport } from "../net/transport.ts";
import { PacketDecoder } from "./packets/packet-decoder.ts";
import { packetsOfFile } from "./packets/packets-of-file.ts";
import { packetsOfPieces } from "./packets/packets-of-pieces.ts";
import { fullPacket, headerLength, packets } from "./packets/write-packet.ts";
import type { RowPacketsConsumer, RowPacketsStep } from "./rows/row-packets-consumer.ts";

const readBufferLength = 64 * 1024;
/** Shorter commands are put together with their header: two writes would be two packets of the network. */
const copiedCommand = 64 * 1024;
const noBytes = Buffer.alloc(0);

export interface LinkHandler {
  /** One whole packet, valid during the call. Throwing ends the link with that error. */
  onPacket(packet: Buffer): void;
  /** Over. `isOurs`: a handler failed, or `destroy` was called. Called once. */
  onEnd(error: Error | undefined, isOurs: boolean): void;
}

/** Between transport and connection: cuts arriving bytes into packets. */
export class PacketLink implements ReadSink {
  readonly transport: Transport;
  readonly decoder = new PacketDecoder();
  readonly #readBuffer = Buffer.allocUnsafeSlow(readBufferLength);
  #handler: LinkHandler;
  /** Takes row packets uncut, from the end of the columns' definitions to what ends the rows. */
  #consumer: RowPacketsConsumer | undefined;
  /** Bytes that arrived in our memory but belong to the consumer. */
  #consumerRest: Buffer = noBytes;
  /** Where the transport writes what comes next, and whose memory that is. */
  #lent: Uint8Array = noBytes;
  #lentBy: RowPacketsConsumer | undefined;
  /** A packet of the file that is sent: restores send thousands of small ones. */
  #filePacket = noBytes;
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

  /** Begins a command; the memory may be used again when it is answered. */
  sendCommand(command: Uint8Array, text: Uint8Array): Promise<void> {
    const length = command.length + text.length;
    if (length < copiedCommand || length >= fullPacket) {
      return this.transport.write(packets(Buffer.concat([command, text]), 0));
    }
    const header = Buffer.alloc(headerLength + command.length);
    header.writeUIntLE(length, 0, 3);
    header.set(command, headerLength);
    void this.transport.write(header);
    return this.transport.write(text);
  }

  /** Begins a command that is too long to be held. Whatever comes of its pieces must not reach the server as a whole command. */
  async sendCommandPieces(command: Uint8Array, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const packet of packetsOfPieces(command, pieces)) {
      if (this.#ended) return;
      await this.transport.write(packet);
    }
  }

  /**
   * Answers a request for a file that came last, with one packet in memory.
   * @param onLast called before the packet is sent that lets the server answer
   */
  async sendFile(pieces: AsyncIterable<Uint8Array>, contentBytes: number, onLast: () => void): Promise<void> {
    const length = headerLength + contentBytes;
    if (this.#filePacket.length !== length) this.#filePacket = Buffer.allocUnsafeSlow(length);
    for await (const { bytes, isLast } of packetsOfFile(pieces, this.decoder.sequence + 1, this.#filePacket)) {
      if (this.#ended) return;
      if (isLast) onLast();
      await this.transport.write(bytes);
    }
  }

  /** Answers what the server sent last. */
  sendReply(payload: Uint8Array): Promise<void> {
    return this.transport.write(packets(payload, this.decoder.sequence + 1));
  }

  /** Nothing is read or handled until the promise settles; what it rejects with is for its maker. */
  hold(until: Promise<unknown>): void {
    this.#holds++;
    const release = (): void => {
      this.#holds--;
      if (this.#holds > 0 || this.#ended) return;
      const goesOn = this.#run();
      this.decoder.keep();
      if (goesOn) this.transport.resume();
    };
    until.then(release, release);
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Ends the link at once; the handler is told. Safe to repeat. */
  destroy(error?: Error): void {
    this.transport.destroy();
    this.#end(error, true);
  }

  /** From the next packet on rows go to `consumer`, until one is no row. Called while a packet is handled. */
  giveRowsTo(consumer: RowPacketsConsumer): void {
    this.#consumer = consumer;
    this.#consumerRest = this.decoder.takeUnread();
  }

  space(): Uint8Array {
    // While bytes wait that the consumer has not seen, its space is still needed for them.
    this.#lentBy = this.#consumerRest.length === 0 ? this.#consumer : undefined;
    this.#lent = this.#lentBy?.space() ?? this.#readBuffer;
    return this.#lent;
  }

  received(count: number): boolean {
    if (this.#ended) return false;
    try {
      this.#take(count);
    } catch (error) {
      this.destroy(error as Error);
      return false;
    }
    const goesOn = this.#run();
    this.decoder.keep();
    return goesOn;
  }

  #take(count: number): void {
    if (this.#consumer !== undefined && this.#lentBy === this.#consumer) {
      this.#consumed(this.#consumer.received(count));
    } else if (this.#consumer !== undefined) {
      // The read was under way into our buffer before the consumer could lend its own.
      this.#consumerRest = Buffer.concat([this.#consumerRest, this.#lent.subarray(0, count)]);
    } else {
      this.decoder.feed(this.#lent.subarray(0, count));
    }
  }

  #feedConsumer(consumer: RowPacketsConsumer): void {
    const space = consumer.space();
    const count = Math.min(space.length, this.#consumerRest.length);
    space.set(this.#consumerRest.subarray(0, count));
    this.#consumerRest = this.#consumerRest.subarray(count);
    this.#consumed(consumer.received(count));
  }

  #consumed(step: RowPacketsStep): void {
    switch (step.kind) {
      case "more":
        return;
      case "pause":
        this.hold(step.until.catch((error: unknown) => this.destroy(error as Error)));
        return;
      case "other":
        // Packets again: what the consumer did not take, then what it has not seen.
        this.#consumer = undefined;
        this.decoder.feed(step.rest);
        this.decoder.feed(this.#consumerRest);
        this.#consumerRest = noBytes;
        return;
      default:
        step satisfies never;
    }
  }

  ended(error?: Error): void {
    this.#end(error, false);
  }

  /** Handles what is there; answers whether more may be read. */
  #run(): boolean {
    try {
      while (this.#holds === 0 && !this.#ended) {
        if (this.#consumer !== undefined) {
          if (this.#consumerRest.length === 0) return true;
          this.#feedConsumer(this.#consumer);
          continue;
        }
        const packet = this.decoder.next();
        if (packet === undefined) return true;
        this.#handler.onPacket(packet);
      }
    } catch (error) {
      this.destroy(error as Error);
    }
    return false;
  }

  #end(error: Error | undefined, isOurs: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.transport.destroy();
    this.#handler.onEnd(error, isOurs);
  }
}
