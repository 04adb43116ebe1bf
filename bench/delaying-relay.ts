import { connect, createServer, type Server, type Socket } from "node:net";

/** Bytes under way in one direction; more wait in the sender's socket, as on a long line of much bandwidth. */
const MAX_UNDER_WAY = 16 * 1024 * 1024;

/** A relay to a server on this machine that delivers everything later, in both directions: a network to far away. */
export class DelayingRelay implements AsyncDisposable {
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number, delayMs: number) {
    this.#listener = createServer((client) => {
      const server = connect(targetPort, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on("error", () => {});
        socket.on("close", () => this.#sockets.delete(socket));
      }
      relay(client, server, delayMs);
      relay(server, client, delayMs);
    });
  }

  /** @param delayMs each way: a round trip takes twice that. */
  static async start(targetPort: number, delayMs: number): Promise<DelayingRelay> {
    const delaying = new DelayingRelay(targetPort, delayMs);
    await new Promise<void>((resolve, reject) =>
      delaying.#listener.once("error", reject).listen(0, "127.0.0.1", resolve),
    );
    return delaying;
  }

  get port(): number {
    const address = this.#listener.address();
    if (address === null || typeof address === "string") throw new Error("the relay does not listen");
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }
}

function relay(from: Socket, to: Socket, delayMs: number): void {
  let underWay = 0;
  from.on("data", (bytes) => {
    underWay += bytes.length;
    if (underWay > MAX_UNDER_WAY) from.pause();
    // Timers of the same length fire in the order in which they were set.
    setTimeout(() => {
      underWay -= bytes.length;
      if (underWay <= MAX_UNDER_WAY) from.resume();
      to.write(bytes);
    }, delayMs);
  });
  from.on("close", () => setTimeout(() => to.end(), delayMs));
}
