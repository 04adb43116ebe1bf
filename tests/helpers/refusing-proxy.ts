import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface RefusingProxy extends AsyncDisposable {
  readonly endpoint: string;
}

const denied =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';

/**
 * Stands before an S3 server on this machine, as one whose rights hang on more than the user.
 * @param refuse requests that are answered as S3 answers who lacks the right to them
 */
export async function startRefusingProxy(
  port: number,
  refuse: (request: IncomingMessage) => boolean,
): Promise<RefusingProxy> {
  const server = createServer((incoming, outgoing) => {
    if (refuse(incoming)) {
      incoming.resume();
      outgoing.writeHead(403, { "content-type": "application/xml" }).end(denied);
      return;
    }
    const { method, url: path, headers } = incoming;
    const forwarded = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
