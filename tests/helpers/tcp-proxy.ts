import { connect, type Socket } from "node:net";
import { type KeepSocket, TcpListener } from "./tcp-listener.ts";

export interface ProxyOptions {
  readonly targetPort: number;
  readonly targetHost?: string;
  /** What the client gets instead of bytes of the server; `soFar` counts what came before on this connection. */
  readonly fromServer?: (bytes: Buffer, soFar: number) => Buffer;
  /** Told of what the client sends, on whatever connection. */
  readonly onClientBytes?: (count: number, bytes: Buffer) => void;
  /** After so many bytes of the server both sides are reset. */
  readonly cutAfterServerBytes?: number;
  /** Waits so long after each piece of the server's bytes, so that there is time for something to happen. */
  readonly delayMs?: number;
  /** Accept, and then neither read nor answer. */
  readonly isSilent?: boolean;
}

/** Stands between a client and a real server and breaks things. */
export class TcpProxy implements AsyncDisposable {
  readonly #options: ProxyOptions;
  #listener: TcpListener | undefined;
  #isSlow = true;
  /** Connections accepted so far. */
  accepted = 0;

  private constructor(options: ProxyOptions) {
    this.#options = options;
  }

  static async start(options: ProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    proxy.#listener = await TcpListener.start((client, keep) => proxy.#accept(client, keep));
    return proxy;
  }

  get port(): number {
    return this.#listener!.port;
  }

  /** No more waits of `delayMs`. */
  hurry(): void {
    this.#isSlow = false;
  }

  /** Resets all connections, as a failing network device does. */
  cut(): void {
    this.#listener!.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
  }

  #accept(client: Socket, keep: KeepSocket): void {
    this.accepted++;
    if (this.#options.isSilent === true) return;
    const { targetPort, targetHost = "127.0.0.1", fromServer, cutAfterServerBytes, delayMs } = this.#options;
    const server = keep(connect(targetPort, targetHost));
    let soFar = 0;
    client.pipe(server);
    client.on("data", (bytes) => this.#options.onClientBytes?.(bytes.length, bytes));
    server.on("data", (bytes) => {
      const left = (cutAfterServerBytes ?? Number.POSITIVE_INFINITY) - soFar;
      const passed = bytes.subarray(0, Math.min(left, bytes.length));
      const shown = fromServer?.(passed, soFar) ?? passed;
      soFar += bytes.length;
      if (delayMs !== undefined && this.#isSlow) {
        server.pause();
        setTimeout(() => server.resume(), delayMs).unref();
        client.write(shown);
      } else if (!client.write(shown)) {
        server.pause();
        client.once("drain", () => server.resume());
      }
      if (soFar >= (cutAfterServerBytes ?? Number.POSITIVE_INFINITY)) {
        client.write("", () => {
          client.resetAndDestroy();
          server.resetAndDestroy();
        });
      }
    });
    server.on("end", () => client.end());
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  }
}
