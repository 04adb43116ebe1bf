import { connect, type Socket } from "node:net";
import { type KeepSocket, TcpListener } from "./tcp-listener.ts";

/**
 * A client of this process that sends nothing while the process has had nothing to do for so long waits for answers. Time in
 * which it works, or another process has the processor, does not count.
 */
const IDLE_MS = 20;
const POLL_MS = 5;

const QUERY = 0x51;
const TERMINATE = 0x58;
const READY_FOR_QUERY = 0x5a;

/**
 * Stands between a client and a real server, and lets them talk in turns: the server gets what the client sent when the
 * client has fallen silent, and the client gets the answers when there are answers to all of it. So the number of turns is
 * how often a client waits, however fast machine and network are: what it would pay for a server far away.
 */
export class LockStepRelay implements AsyncDisposable {
  readonly #targetPort: number;
  #listener: TcpListener | undefined;
  /** Turns so far, of all connections. */
  turns = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  static async start(targetPort: number): Promise<LockStepRelay> {
    const relay = new LockStepRelay(targetPort);
    relay.#listener = await TcpListener.start((client, keep) => relay.#accept(client, keep));
    return relay;
  }

  get port(): number {
    return this.#listener!.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
  }

  #accept(client: Socket, keep: KeepSocket): void {
    const server = keep(connect(this.#targetPort, "127.0.0.1"));
    let sent: Buffer[] = [];
    let answers: Buffer[] = [];
    // The start-up message is answered as a query is.
    let unanswered = 1;
    const requests = new MessageCounter(false);
    const replies = new MessageCounter(true);
    let idleAtLastBytes = idleMs();
    const poll = setInterval(() => {
      if (sent.length === 0 || idleMs() - idleAtLastBytes < IDLE_MS) return;
      this.turns++;
      server.write(Buffer.concat(sent));
      sent = [];
    }, POLL_MS);
    client.on("data", (bytes) => {
      for (const type of requests.feed(bytes)) {
        if (type === QUERY) unanswered++;
        if (type === TERMINATE) server.end();
      }
      sent.push(bytes);
      idleAtLastBytes = idleMs();
    });
    server.on("data", (bytes) => {
      answers.push(bytes);
      for (const type of replies.feed(bytes)) if (type === READY_FOR_QUERY) unanswered--;
      if (unanswered > 0) return;
      client.write(Buffer.concat(answers));
      answers = [];
    });
    client.on("close", () => {
      clearInterval(poll);
      server.destroy();
    });
    server.on("close", () => client.end(Buffer.concat(answers)));
  }
}

/** How long this process has had nothing to do so far. */
function idleMs(): number {
  return performance.eventLoopUtilization().idle;
}

/** Finds the types of messages in a stream, without keeping their bytes. */
class MessageCounter {
  #header = Buffer.alloc(0);
  #left = 0;
  /** The client's first message has no type. */
  #isTyped: boolean;

  constructor(isTyped: boolean) {
    this.#isTyped = isTyped;
  }

  *feed(bytes: Buffer): Generator<number> {
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, rest.length);
        this.#left -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const wanted = (this.#isTyped ? 5 : 4) - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, wanted)]);
      rest = rest.subarray(wanted);
      if (this.#header.length < (this.#isTyped ? 5 : 4)) return;
      if (this.#isTyped) yield this.#header[0]!;
      this.#left = this.#header.readUInt32BE(this.#isTyped ? 1 : 0) - 4;
      this.#header = Buffer.alloc(0);
      this.#isTyped = true;
    }
  }
}
