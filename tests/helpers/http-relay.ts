import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpRelay extends AsyncDisposable {
  readonly port: number;
}

/**
 * Passes requests on to a server of this machine.
 * @param mayPass sees each request and may change its body; one that may not pass gets no answer
 * @param answered headers that are added to an answer
 */
export async function startHttpRelay(
  port: number,
  mayPass: (incoming: IncomingMessage, body: Buffer) => boolean,
  answered: (incoming: IncomingMessage) => IncomingHttpHeaders = () => ({}),
): Promise<HttpRelay> {
  const relay = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const body = Buffer.concat(pieces);
      if (!mayPass(incoming, body)) return;
      const { method, url, headers } = incoming;
      const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, { ...answer.headers, ...answered(incoming) });
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    port: (relay.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      relay.closeAllConnections();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}
