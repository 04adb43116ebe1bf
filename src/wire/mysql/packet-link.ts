import type { ReadSink, Transport } from "../net/transport.ts";
import { PacketDecoder } from "./packets/packet-decoder.ts";
import { packetsOfPieces } from "./packets/packets-of-pieces.ts";
import { packets } from "./packets/write-packet.ts";

const readBufferLength = 64 * 1024;

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

  /** Begins a command. */
  sendCommand(payload: Uint8Array): Promise<void> {
    return this.transport.write(packets(payload, 0));
  }

  /** Begins a command that is too long to be held. Whatever comes of its pieces must not reach the server as a whole command. */
  async sendCommandPieces(command: Uint8Array, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const packet of packetsOfPieces(command, pieces)) {
      if (this.#ended) return;
      await this.transport.write(packet);
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
      if (this.#run()) this.transport.resume();
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

  space(): Uint8Array {
    return this.#readBuffer;
  }

  received(count: number): boolean {
    if (this.#ended) return false;
    this.decoder.feed(this.#readBuffer.subarray(0, count));
    const goesOn = this.#run();
    this.decoder.keep();
    return goesOn;
  }

  ended(error?: Error): void {
    this.#end(error, false);
  }

  /** Handles what is there; answers whether more may be read. */
  #run(): boolean {
    try {
      while (this.#holds === 0 && !this.#ended) {
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
