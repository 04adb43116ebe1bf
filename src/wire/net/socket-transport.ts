import { connect, type Socket } from "node:net";
import { PiecewiseFeed } from "./piecewise-feed.ts";
import type { ReadSink, Transport } from "./transport.ts";

/** How long a peer may take to close its side after we said good-bye. */
const closingMs = 1000;

export interface KeepAliveSpec {
  readonly enabled: boolean;
  /** Undefined leaves the system's value; so for the next two. */
  readonly idleSeconds: number | undefined;
  readonly intervalSeconds: number | undefined;
  readonly count: number | undefined;
}

/** Where to connect: a resolved address, or the path of a Unix socket. */
export type Endpoint =
  | { readonly kind: "tcp"; readonly address: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/**
 * Lends memory for the first read, which the socket asks for before anybody can be the sink. Several bytes, so that what
 * was put behind the one-byte answer to an SSLRequest is seen in the same read.
 */
const noSink: ReadSink = {
  space: () => new Uint8Array(1024),
  received: () => true,
  ended: () => {},
};

/**
 * TCP or Unix socket. The socket reads straight into the sink's memory (`onread`), so that rows are never copied between
 * the system and the scanner.
 */
export class SocketTransport implements Transport {
  readonly kind: "tcp" | "unix";
  readonly socket: Socket;
  #sink: ReadSink = noSink;
  /** Whose memory the socket holds for the next read. */
  #spaceOwner: ReadSink = noSink;
  readonly #feed = new PiecewiseFeed();
  #ended = false;

  /** Resolves when connected; rejects with the system's error, or the signal's reason. */
  static connect(endpoint: Endpoint, keepAlive: KeepAliveSpec, signal: AbortSignal): Promise<SocketTransport> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const transport = new SocketTransport(endpoint);
      const { socket } = transport;
      const abort = (): void => fail(signal.reason as Error);
      const fail = (error: Error): void => {
        signal.removeEventListener("abort", abort);
        socket.destroy();
        reject(error);
      };
      signal.addEventListener("abort", abort, { once: true });
      socket.once("error", fail);
      socket.once("connect", () => {
        signal.removeEventListener("abort", abort);
        socket.off("error", fail);
        if (endpoint.kind === "tcp") setUpTcp(socket, keepAlive);
        transport.#watch();
        resolve(transport);
      });
    });
  }

  private constructor(endpoint: Endpoint) {
    this.kind = endpoint.kind;
    const onread = {
      buffer: (): Uint8Array => {
        this.#spaceOwner = this.#sink;
        return this.#sink.space();
      },
      callback: (count: number, memory: Uint8Array): boolean => this.#received(count, memory),
    };
    const target =
      endpoint.kind === "unix"
        ? { path: nodeSocketPath(endpoint.path) }
        : { host: endpoint.address, port: endpoint.port };
    this.socket = connect({ ...target, onread });
  }

  setSink(sink: ReadSink): void {
    this.#sink = sink;
  }

  resume(): void {
    if (this.#feed.resume(() => this.#sink)) this.socket.resume();
  }

  write(bytes: Uint8Array): Promise<void> {
    // The callback, not "drain": only then the memory is free. It also comes (with an error) when the socket is gone.
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  async end(last: Uint8Array): Promise<void> {
    await endSocket(this.socket, last);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #watch(): void {
    let failure: Error | undefined;
    this.socket.on("error", (error) => {
      failure = error;
    });
    this.socket.on("close", () => this.#end(failure));
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.ended(error);
  }

  #received(count: number, memory: Uint8Array): boolean {
    if (this.#spaceOwner === this.#sink) return this.#sink.received(count);
    // Read into the memory of an earlier sink, which was replaced while reading was stopped.
    return this.#feed.push(memory.subarray(0, count), () => this.#sink);
  }
}

/** Ends our side after `last`, and waits for the peer's end, but not long. */
export function endSocket(socket: Socket, last: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    const timer = setTimeout(() => socket.destroy(), closingMs);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
    socket.end(last);
  });
}

function setUpTcp(socket: Socket, { enabled, idleSeconds, intervalSeconds, count }: KeepAliveSpec): void {
  socket.setNoDelay(true);
  if (!enabled) return;
  if (idleSeconds === undefined && intervalSeconds === undefined && count === undefined) {
    // An idle time of zero leaves all of the system's values.
    socket.setKeepAlive(true, 0);
    return;
  }
  // Node sets all three or none, and its own interval is one second.
  const { idle, interval, probes } = linuxKeepAlive;
  socket.setKeepAlive(true, (idleSeconds ?? idle) * 1000, (intervalSeconds ?? interval) * 1000, count ?? probes);
}

/** Linux's defaults: seconds, seconds, count. */
const linuxKeepAlive = { idle: 7200, interval: 75, probes: 9 };

/** Abstract sockets are written with `@`, as libpq does; Node wants a zero byte. */
function nodeSocketPath(path: string): string {
  return path.startsWith("@") ? `\0${path.slice(1)}` : path;
}
