import { isIP, type Socket } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { PiecewiseFeed } from "../piecewise-feed.ts";
import { endSocket } from "../socket-transport.ts";
import type { ReadSink, Transport } from "../transport.ts";

/** How to shake hands. */
export interface HandshakeOptions {
  readonly secureContext: SecureContext;
  /** Whether a chain of certificates that leads to no trusted root ends it. Names are the caller's to check. */
  readonly checksChain: boolean;
  /** The name sent in clear, for routers; addresses are not sent. */
  readonly serverName: string | undefined;
  readonly protocols?: readonly string[];
}

/** TLS over a connected socket. Decrypted bytes come in memory of their own and are copied into the sink's. */
export class TlsTransport implements Transport {
  readonly kind = "tls";
  /** The server's certificate (DER), to bind a login to it. */
  readonly certificate: Buffer;
  readonly #socket: TLSSocket;
  readonly #feed = new PiecewiseFeed();
  #sink: ReadSink | undefined;
  #ended = false;

  /**
   * Shakes hands over a connected socket.
   * @param check looks at the peer, throws when it is not the right one, and answers its certificate
   * @throws what Node says, what `check` throws, or the signal's reason
   */
  static async connect(
    socket: Socket,
    { secureContext, checksChain, serverName, protocols = [] }: HandshakeOptions,
    check: (secured: TLSSocket) => Buffer,
    signal: AbortSignal,
  ): Promise<TlsTransport> {
    const tlsSocket = connect({
      socket,
      secureContext,
      rejectUnauthorized: checksChain,
      // Names are checked by the caller, by the rules of its server's own clients.
      checkServerIdentity: () => undefined,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
      ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    });
    // Node reads for the first time a moment later: what fails then would be nobody's when we gave up before.
    tlsSocket.on("error", () => {});
    try {
      await untilSecure(tlsSocket, signal);
      return new TlsTransport(tlsSocket, check(tlsSocket));
    } catch (error) {
      tlsSocket.destroy();
      throw signal.aborted ? signal.reason : error;
    }
  }

  private constructor(socket: TLSSocket, certificate: Buffer) {
    this.#socket = socket;
    this.certificate = certificate;
    let failure: Error | undefined;
    socket.on("error", (error) => {
      failure = error;
    });
    // Not at "end": with TLS the server's alert is an error that comes after it.
    socket.on("close", () => this.#end(failure));
  }

  setSink(sink: ReadSink): void {
    const isFirst = this.#sink === undefined;
    this.#sink = sink;
    if (isFirst) this.#socket.on("data", (bytes) => this.#received(bytes));
  }

  resume(): void {
    if (this.#feed.resume(() => this.#sink!)) this.#socket.resume();
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  async end(last: Uint8Array): Promise<void> {
    await endSocket(this.#socket, last);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #received(bytes: Uint8Array): void {
    if (!this.#feed.push(bytes, () => this.#sink!)) this.#socket.pause();
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink?.ended(error);
  }
}

function untilSecure(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    const settle = (then: () => void) => (): void => {
      signal.removeEventListener("abort", abort);
      then();
    };
    socket.once("secureConnect", settle(resolve));
    socket.once("error", (error) => settle(() => reject(error))());
    socket.once(
      "close",
      settle(() => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" }))),
    );
  });
}
