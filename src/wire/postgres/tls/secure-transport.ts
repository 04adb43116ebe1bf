import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isForHost } from "../../net/tls/host-name-check.ts";
import { tlsContext } from "../../net/tls/tls-context.ts";
import { TlsTransport } from "../../net/tls/tls-transport.ts";
import type { HostSpec, TlsSpec } from "../connection-spec.ts";
import { handshakeFault, tlsFault } from "./tls-fault.ts";

/** Registered name of PostgreSQL's protocol for ALPN; servers from 17 on insist on it after a direct start. */
const protocolName = "postgresql";

/** Shakes hands over a connected socket, and checks the server as `spec` says. */
export async function secureTransport(
  socket: Socket,
  host: HostSpec,
  spec: TlsSpec,
  signal: AbortSignal,
): Promise<TlsTransport> {
  const name = host.kind === "tcp" ? host.host : "";
  const options = {
    secureContext: tlsContext(spec),
    checksChain: spec.roots.kind !== "none",
    serverName: spec.sni ? name : undefined,
    protocols: [protocolName],
  };
  try {
    return await TlsTransport.connect(socket, options, (secured) => checkPeer(secured, host, name, spec), signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw handshakeFault(host, error as Error);
  }
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
