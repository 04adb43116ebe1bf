import type { Socket } from "node:net";
import { TcpListener } from "./tcp-listener.ts";

/** What a scripted server answers to the bytes of one message; a string is the SQL of a Query message. */
export type Script = (request: { readonly sql: string | undefined; readonly bytes: Buffer }, socket: Socket) => void;

/**
 * Speaks as much of PostgreSQL's protocol as a test tells it to: for servers that cannot be run here (other products) and
 * for messages that no real server sends.
 */
export function startScriptedServer(script: Script): Promise<TcpListener> {
  return TcpListener.start((socket) => {
    socket.on("data", (bytes) => {
      for (const request of requestsIn(bytes)) script({ sql: sqlOf(request), bytes: request }, socket);
    });
  });
}

/** A server that lets everybody in, reports `parameters`, and answers each query with one row of one column. */
export function startOtherProduct(
  parameters: Readonly<Record<string, string>>,
  answer: (sql: string) => string | null | Error,
): Promise<TcpListener> {
  return startScriptedServer(({ sql }, socket) => {
    if (sql === undefined) {
      socket.write(Buffer.concat([authenticationOk, ...Object.entries(parameters).map(parameterStatus), ready]));
      return;
    }
    const value = answer(sql);
    const body =
      value instanceof Error ? [errorResponse("42883", value.message)] : [oneColumn, dataRow(value), complete];
    socket.write(Buffer.concat([...body, ready]));
  });
}

export function message(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function parameterStatus([name, value]: readonly [string, string]): Buffer {
  return message("S", Buffer.from(`${name}\0${value}\0`));
}

export function dataRow(value: string | null): Buffer {
  const bytes = Buffer.from(value ?? "");
  return message("D", Buffer.concat([Buffer.from([0, 1]), int32(value === null ? -1 : bytes.length), bytes]));
}

export function errorResponse(sqlState: string, text: string, severity = "ERROR"): Buffer {
  return message("E", Buffer.from(`S${severity}\0V${severity}\0C${sqlState}\0M${text}\0\0`));
}

export const authenticationOk = message("R", int32(0));
export const ready = message("Z", Buffer.from("I"));
const queryType = 0x51;
const oneColumn = message("T", Buffer.concat([Buffer.from([0, 1]), Buffer.from("?column?\0"), Buffer.alloc(18)]));
const complete = message("C", Buffer.from("SELECT 1\0"));

/** Queries that were sent without waiting come in one piece. They are small: none is cut. */
function requestsIn(bytes: Buffer): Buffer[] {
  if (bytes[0] !== queryType) return [bytes];
  const requests: Buffer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const length = rest[0] === queryType ? 1 + rest.readUInt32BE(1) : rest.length;
    requests.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return requests;
}

function sqlOf(bytes: Buffer): string | undefined {
  return bytes[0] === queryType ? bytes.toString("utf8", 5, bytes.readUInt32BE(1)) : undefined;
}
