import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isForHost } from "../net/tls/host-name-check.ts";
import { tlsContext } from "../net/tls/tls-context.ts";
import { TlsTransport } from "../net/tls/tls-transport.ts";
import type { MysqlConnectionSpec } from "./connection-spec.ts";
import { handshakeFault, tlsFault } from "./tls-fault.ts";

/** Shakes hands over a connected socket, and checks the server as the specification says. */
export async function secureTransport(
  socket: Socket,
  { host, tls }: MysqlConnectionSpec,
  signal: AbortSignal,
): Promise<TlsTransport> {
  // Over a Unix socket the server can only be this machine.
  const name = host.kind === "tcp" ? host.host : "localhost";
  const options = {
    secureContext: tlsContext(tls),
    checksChain: tls.roots.kind !== "none",
    serverName: name,
  };
  const check = (secured: TLSSocket): Buffer => {
    const certificate = secured.getPeerX509Certificate();
    if (certificate === undefined)
      throw tlsFault(host, "the server sent no certificate", "check ssl_cert of the server");
    if (tls.mode === "verify-full" && !isForHost(certificate, name)) {
      throw tlsFault(
        host,
        `the server's certificate is not for "${name}"`,
        "connect by a name that the certificate holds, or use --ssl-mode verify-ca where names do not matter",
      );
    }
    return Buffer.from(certificate.raw);
  };
  try {
    return await TlsTransport.connect(socket, options, check, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw handshakeFault(host, error as Error);
  }
}
