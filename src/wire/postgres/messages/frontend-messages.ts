import type { TextMode } from "../text-codec.ts";
import { encodeText } from "../text-codec.ts";

/** Messages we send. Each function gives the whole message. */

const cancelRequestCode = 80877102;
const sslRequestCode = 80877103;

function message(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const bodyLength = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.allocUnsafe(5 + bodyLength);
  bytes[0] = type.charCodeAt(0);
  bytes.writeUInt32BE(bodyLength + 4, 1);
  let at = 5;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function cstring(text: string, mode: TextMode = "utf8"): Buffer {
  if (text.includes("\0")) throw new Error("text for the server holds a zero character");
  return encodeText(`${text}\0`, mode);
}

export function sslRequest(): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(8, 0);
  bytes.writeUInt32BE(sslRequestCode, 4);
  return bytes;
}

/** StartupMessage of protocol 3.`minor`; `parameters` are user, database, options, application_name, ... */
export function startupMessage(minor: number, parameters: Iterable<readonly [string, string]>): Buffer {
  const parts: Buffer[] = [Buffer.alloc(8)];
  for (const [name, value] of parameters) parts.push(cstring(name), cstring(value));
  parts.push(Buffer.from([0]));
  const bytes = Buffer.concat(parts);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt16BE(3, 4);
  bytes.writeUInt16BE(minor, 6);
  return bytes;
}

export function cancelRequest(processId: number, secret: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + secret.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(cancelRequestCode, 4);
  bytes.writeInt32BE(processId, 8);
  bytes.set(secret, 12);
  return bytes;
}

export function passwordMessage(password: string): Buffer {
  return message("p", cstring(password));
}

export function saslInitialResponse(mechanism: string, data: string): Buffer {
  const bytes = Buffer.from(data, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return message("p", cstring(mechanism), length, bytes);
}

export function saslResponse(data: string): Buffer {
  return message("p", Buffer.from(data, "utf8"));
}

export function query(sql: string, mode: TextMode): Buffer {
  return message("Q", cstring(sql, mode));
}

export function copyDone(): Buffer {
  return message("c");
}

export function copyFail(reason: string): Buffer {
  return message("f", cstring(reason));
}

export function terminate(): Buffer {
  return message("X");
}
