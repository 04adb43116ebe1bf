import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";

/** A connection is given up that is not there by then, is silent for so long, or has not done its request by then. */
const CONNECT_MS = 10_000;
const SILENCE_MS = 60_000;
const REQUEST_MS = 600_000;
/** Answers that are not objects: the largest is a page of 1,000 names. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const plainAgent = new PlainAgent({ keepAlive: true, proxyEnv: process.env });
const tlsAgent = new TlsAgent({ keepAlive: true, proxyEnv: process.env });

export interface GcsQuestion {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** One behind the other. */
  readonly body?: readonly Uint8Array[];
}

/** An answer that was read to its end. */
export interface GcsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Makes one HTTP request. `fetch` is not used since it copies what is sent, has no limit of silence, and knows 308 as a
 * redirection only.
 * @returns the answer, whose body is to be read or destroyed
 */
export function askGcs({ method, url, headers, body = [] }: GcsQuestion): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isPlain = url.protocol === "http:";
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    const asked = (isPlain ? plainRequest : tlsRequest)(url, {
      method,
      agent: isPlain ? plainAgent : tlsAgent,
      headers: { ...headers, ...(method === "GET" || method === "DELETE" ? {} : { "content-length": `${length}` }) },
      timeout: SILENCE_MS,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    asked.on("response", resolve);
    // Behind an answer nobody hears of it: whoever reads the answer sees that it breaks off.
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(tooLate()));
    asked.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => asked.destroy(tooLate()), CONNECT_MS);
      const connected = () => clearTimeout(timer);
      socket.once("connect", connected).once("close", connected);
    });
    for (const piece of body) asked.write(piece);
    asked.end();
  });
}

/** Reads an answer to its end. */
export async function wholeAnswer(answer: IncomingMessage): Promise<GcsAnswer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_ANSWER_BYTES) break;
    pieces.push(piece);
  }
  return { status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(pieces) };
}

function tooLate(): Error {
  return Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });
}
