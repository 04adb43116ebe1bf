import { createServer, type Server, type Socket } from "node:net";

/** Listens on a free port of this machine. Disposing it closes the port and destroys every socket that it keeps. */
export class TcpListener implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(port: number, server: Server, sockets: Set<Socket>) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @param accept gets each client, kept already. A socket's errors are nobody's: its end tells what is to be told. */
  static async start(accept: (client: Socket, keep: KeepSocket) => void): Promise<TcpListener> {
    const sockets = new Set<Socket>();
    const keep: KeepSocket = (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {});
      return socket;
    };
    const server = createServer((client) => accept(keep(client), keep));
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a listener without a port");
    return new TcpListener(address.port, server, sockets);
  }

  /** Resets all connections, as a failing network device does. */
  cut(): void {
    for (const socket of this.#sockets) {
      // One that is not connected would only be reset once it is.
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Destroys a socket with the listener: one that was opened for a client. */
export type KeepSocket = <S extends Socket>(socket: S) => S;
