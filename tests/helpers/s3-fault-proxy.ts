import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What may happen to a request on its way to a service that speaks S3, and to the answer. */
export const s3Faults = [
  "cut-before",
  "cut-behind",
  "delay",
  "internal-error",
  "slow-down",
  "error-in-200",
  "truncated",
  "shortened",
  "range-ignored",
  "answer-corrupted",
  "request-corrupted",
  "stale-list",
] as const;

export type S3Fault = (typeof s3Faults)[number];

export interface S3FaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** What happened, in order. */
  readonly happened: readonly S3Fault[];
}

/**
 * Stands between a client and an S3 server on this machine and disturbs some requests. Which and how is the same for each seed.
 * @param rate of the requests that are disturbed
 */
export async function startS3FaultProxy(port: number, seed: number, rate: number): Promise<S3FaultProxy> {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const happened: S3Fault[] = [];
  const lists = new Map<string, Answer>();
  const server = createServer((incoming, outgoing) => {
    const possible = s3Faults.filter((fault) => canHappen(fault, incoming, lists));
    const fault = chooseFault(possible, rate, random);
    if (fault !== undefined) happened.push(fault);
    // When the client goes away, or the server: a fault like others.
    pass(port, incoming, outgoing, fault, lists).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    happened,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Few requests complete an upload: they are disturbed more often than others, and every other time by what only they can meet. */
function chooseFault(possible: readonly S3Fault[], rate: number, random: () => number): S3Fault | undefined {
  const isRare = possible.includes("error-in-200");
  if (random() >= (isRare ? Math.max(rate, 0.5) : rate)) return undefined;
  if (isRare && random() < 0.5) return "error-in-200";
  return possible[Math.floor(random() * possible.length)];
}

function canHappen(
  fault: S3Fault,
  { method, url = "", headers }: IncomingMessage,
  lists: ReadonlyMap<string, Answer>,
): boolean {
  switch (fault) {
    case "error-in-200":
      return method === "POST" && url.includes("uploadId=");
    case "truncated":
    case "shortened":
      return method === "GET" || method === "POST";
    case "range-ignored":
      return headers.range !== undefined;
    case "answer-corrupted":
      return method === "GET" && headers.range !== undefined;
    case "request-corrupted":
      return method === "PUT" && Number(headers["content-length"]) > 0;
    case "stale-list":
      return lists.has(url);
    default:
      return true;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function pass(
  port: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: S3Fault | undefined,
  lists: Map<string, Answer>,
): Promise<void> {
  const body = await bytesOf(incoming);
  const url = incoming.url!;
  const headers = { ...incoming.headers };
  switch (fault) {
    case "cut-before":
      incoming.socket.destroy();
      return;
    case "delay":
      await sleep(100);
      break;
    case "internal-error":
      send(outgoing, failure(500, "InternalError"));
      return;
    case "slow-down":
      send(outgoing, failure(503, "SlowDown"));
      return;
    case "error-in-200":
      send(outgoing, failure(200, "InternalError"));
      return;
    case "stale-list":
      send(outgoing, lists.get(url)!);
      return;
    case "request-corrupted":
      body[body.length >> 1]! ^= 1;
      break;
    case "range-ignored":
      delete headers.range;
      break;
    default:
  }
  const answer = await ask(port, { method: incoming.method!, path: url, headers, body });
  if (url.includes("list-type=2")) lists.set(url, answer);
  const half = answer.body.subarray(0, answer.body.length >> 1);
  switch (fault) {
    case "cut-behind":
      incoming.socket.destroy();
      return;
    case "truncated":
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.write(half);
      await sleep(20);
      incoming.socket.destroy();
      return;
    case "shortened":
      send(outgoing, { ...answer, headers: { ...answer.headers, "content-length": `${half.length}` }, body: half });
      return;
    case "answer-corrupted":
      // Not what "request-corrupted" changes: what arrived changed must not come back whole.
      answer.body[half.length]! ^= 2;
      break;
    default:
  }
  send(outgoing, answer);
}

function failure(status: number, code: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>by the proxy</Message></Error>`;
  return { status, headers: { "content-type": "application/xml" }, body: Buffer.from(body) };
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers).end(body);
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

function ask(port: number, { body, ...asked }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const forwarded = request({ host: "127.0.0.1", port, ...asked, agent: false }, (answer) => {
      bytesOf(answer).then((bytes) => {
        resolve({ status: answer.statusCode!, headers: answer.headers, body: bytes });
      }, reject);
    });
    forwarded.on("error", reject);
    forwarded.end(body);
  });
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
