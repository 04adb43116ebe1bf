import { connect } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { TcpListener } from "./tcp-listener.ts";

const sslRequestLength = 8;

/**
 * Somebody in the middle: ends the client's TLS with a certificate of his own, and passes everything on over his own TLS
 * to the real server.
 */
export function startTlsRelay(
  targetPort: number,
  identity: { readonly certificate: string; readonly key: string },
): Promise<TcpListener> {
  return TcpListener.start((client, keep) => {
    client.once("data", (request) => {
      if (request.length !== sslRequestLength) return client.destroy();
      client.write("S");
      const outer = keep(new TLSSocket(client, { isServer: true, cert: identity.certificate, key: identity.key }));
      const upstream = keep(connect(targetPort, "127.0.0.1", () => upstream.write(request)));
      upstream.once("data", () => {
        const inner = keep(connectTls({ socket: upstream, rejectUnauthorized: false }));
        outer.pipe(inner).pipe(outer);
      });
    });
  });
}
