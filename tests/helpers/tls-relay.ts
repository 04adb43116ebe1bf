import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";

const sslRequestLength = 8;

/**
 * Somebody in the middle: ends the client's TLS with a certificate of his own, and passes everything on over his own TLS
 * to the real server.
 */
export class TlsRelay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number, identity: { readonly certificate: string; readonly key: string }) {
    this.#server = createServer((client) => {
      this.#keep(client);
      client.once("data", (request) => {
        if (request.length !== sslRequestLength) return client.destroy();
        client.write("S");
        const outer = this.#keep(
          new TLSSocket(client, { isServer: true, cert: identity.certificate, key: identity.key }),
        );
        const upstream = this.#keep(connect(targetPort, "127.0.0.1", () => upstream.write(request)));
        upstream.once("data", () => {
          const inner = this.#keep(connectTls({ socket: upstream, rejectUnauthorized: false }));
          outer.pipe(inner).pipe(outer);
        });
      });
    });
  }

  static async start(targetPort: number, identity: { certificate: string; key: string }): Promise<TlsRelay> {
    const relay = new TlsRelay(targetPort, identity);
    await new Promise<void>((resolve, reject) => relay.#server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the relay does not listen");
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep<S extends Socket>(socket: S): S {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    return socket;
  }
}
