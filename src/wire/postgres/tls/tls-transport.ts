import { isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { PiecewiseFeed } from "../../net/piecewise-feed.ts";
import { endSocket } from "../../net/socket-transport.ts";
import type { ReadSink, Transport } from "../../net/transport.ts";
import type { HostSpec, TlsSpec } from "../connection-spec.ts";
import { isForHost } from "./host-name-check.ts";
import { tlsContext } from "./tls-context.ts";
import { handshakeFault, tlsFault } from "./tls-fault.ts";

/** Registered name of PostgreSQL's protocol for ALPN; servers from 17 on insist on it after a direct start. */
const protocolName = "postgresql";

/** TLS over a TCP connection. Decrypted bytes come in memory of their own and are copied into the sink's. */
export class TlsTransport implements Transport {
  readonly kind = "tls";
  /** The server's certificate (DER), to bind a login to it. */
  readonly certificate: Buffer;
  readonly #socket: TLSSocket;
  readonly #feed = new PiecewiseFeed();
  #sink: ReadSink | undefined;
  #ended = false;

  /** Shakes hands over a connected socket, and checks the server as `spec` says. */
  static async connect(socket: Socket, host: HostSpec, spec: TlsSpec, signal: AbortSignal): Promise<TlsTransport> {
    const name = host.kind === "tcp" ? host.host : "";
    const tlsSocket = connect({
      socket,
      secureContext: tlsContext(spec),
      ALPNProtocols: [protocolName],
      rejectUnauthorized: spec.roots.kind !== "none",
      // Names are checked below, by libpq's rules.
      checkServerIdentity: () => undefined,
      ...(spec.sni && isIP(name) === 0 ? { servername: name } : {}),
    });
    try {
      await untilSecure(tlsSocket, signal);
      return new TlsTransport(tlsSocket, checkPeer(tlsSocket, host, name, spec));
    } catch (error) {
      tlsSocket.destroy();
      if (signal.aborted) throw signal.reason;
      throw handshakeFault(host, error as Error);
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

/** Answers the server's certificate. */
function checkPeer(socket: TLSSocket, host: HostSpec, name: string, spec: TlsSpec): Buffer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined)
    throw tlsFault(host, "the server sent no certificate", "check ssl_cert_file of the server");
  if (spec.mode === "verify-full" && !isForHost(certificate, name)) {
    throw tlsFault(
      host,
      `the server's certificate is not for "${name}"`,
      "connect by a name that the certificate holds, or use sslmode=verify-ca where names do not matter",
    );
  }
  if (spec.negotiation === "direct" && socket.alpnProtocol !== protocolName) {
    throw tlsFault(host, "the server does not speak PostgreSQL's protocol inside TLS", "check host and port");
  }
  // A client learns the shared signature algorithms only from a request for its certificate.
  if (spec.certificateMode === "require" && socket.getSharedSigalgs().length === 0) {
    throw tlsFault(
      host,
      "the server did not ask for our certificate, and sslcertmode=require demands it",
      "set ssl_ca_file on the server, or use sslcertmode=allow",
    );
  }
  return Buffer.from(certificate.raw);
}
