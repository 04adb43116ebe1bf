import type { IncomingMessage } from "node:http";

/** The bodies of a multipart message. */
export function partsOf({ headers }: IncomingMessage, body: Buffer): Buffer[] {
  const boundary = `--${/boundary="?([^";]+)/.exec(headers["content-type"] ?? "")![1]!}`;
  const parts: Buffer[] = [];
  for (let at = body.indexOf(boundary); ; ) {
    const from = body.indexOf("\r\n\r\n", at) + 4;
    const to = body.indexOf(`\r\n${boundary}`, from);
    if (to < 0 || from < 4) return parts;
    parts.push(body.subarray(from, to));
    at = to + 2;
    if (body.subarray(at + boundary.length, at + boundary.length + 2).toString() === "--") return parts;
  }
}

export async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
