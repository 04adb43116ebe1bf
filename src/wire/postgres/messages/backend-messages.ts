import { textForPeople } from "../../net/shown-text.ts";
import { decodeText, type TextMode } from "../text-codec.ts";
import { BodyReader, malformed } from "./body-reader.ts";
import type { MessageView } from "./message-view.ts";

/** Bodies of single messages. Each function reads the decoder's current message. */

function reader(message: MessageView): BodyReader {
  return new BodyReader(message.buffer, message.bodyStart, message.bodyEnd);
}

/** Values of one row in the order of its columns; text format only. */
export function readDataRow(message: MessageView, mode: TextMode): (string | null)[] {
  const { buffer, bodyStart, bodyEnd } = message;
  if (bodyEnd - bodyStart < 2) throw malformed("a row without a column count");
  const count = buffer.readUInt16BE(bodyStart);
  // Where a byte is a unit, the row is decoded at once and then cut: a call for each value takes twice the time.
  const whole = mode === "binary" ? decodeText(buffer, bodyStart, bodyEnd, mode) : undefined;
  const row: (string | null)[] = [];
  let at = bodyStart + 2;
  for (let column = 0; column < count; column++) {
    if (at + 4 > bodyEnd) throw malformed("a row that ends too early");
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length === -1) {
      row.push(null);
      continue;
    }
    if (length < 0 || at + length > bodyEnd) throw malformed("a value beyond its row");
    row.push(whole?.substring(at - bodyStart, at - bodyStart + length) ?? decodeText(buffer, at, at + length, mode));
    at += length;
  }
  if (at !== bodyEnd) throw malformed("bytes after the last column of a row");
  return row;
}

export function readColumnNames(message: MessageView, mode: TextMode): string[] {
  const body = reader(message);
  const names: string[] = [];
  for (let count = body.uint16(); count > 0; count--) {
    const name = body.cstring();
    names.push(decodeText(name, 0, name.length, mode));
    body.bytes(18); // table, column number, type, its size and modifier, format
  }
  return names;
}

export function readCommandTag(message: MessageView): string {
  return reader(message).cstring().toString("latin1");
}

export function readParameterStatus(message: MessageView): { readonly name: string; readonly value: string } {
  const body = reader(message);
  return { name: textForPeople(body.cstring()), value: textForPeople(body.cstring()) };
}

/** Process id and secret, for a cancel request. The secret has 4 bytes in protocol 3.0 and up to 256 in 3.2. */
export interface BackendKey {
  readonly processId: number;
  readonly secret: Buffer;
}

const maxCancelKey = 256;

export function readBackendKeyData(message: MessageView): BackendKey {
  const body = reader(message);
  const processId = body.int32();
  const secret = Buffer.from(body.rest());
  if (secret.length < 4 || secret.length > maxCancelKey)
    throw malformed("a cancel key of a length that is not allowed");
  return { processId, secret };
}

export interface ProtocolOffer {
  /** Newest minor version of protocol 3 that the server speaks. */
  readonly minor: number;
  readonly unknownOptions: readonly string[];
}

export function readNegotiateProtocolVersion(message: MessageView): ProtocolOffer {
  const body = reader(message);
  const version = body.int32();
  if (version >> 16 !== 0 && version >> 16 !== 3) throw malformed("a protocol version of another major");
  const unknownOptions: string[] = [];
  for (let count = body.int32(); count > 0; count--) unknownOptions.push(textForPeople(body.cstring()));
  return { minor: version & 0xffff, unknownOptions };
}

/** What a server asks for, or that it is content. */
export type AuthenticationRequest =
  | { readonly kind: "ok" }
  | { readonly kind: "cleartext" }
  | { readonly kind: "md5"; readonly salt: Buffer }
  | { readonly kind: "sasl"; readonly mechanisms: readonly string[] }
  | { readonly kind: "sasl-continue"; readonly data: Buffer }
  | { readonly kind: "sasl-final"; readonly data: Buffer }
  | { readonly kind: "unsupported"; readonly method: string };

const otherMethods: Readonly<Record<number, string>> = {
  2: "Kerberos V5",
  6: "SCM credential",
  7: "GSSAPI",
  9: "SSPI",
};

export function readAuthentication(message: MessageView): AuthenticationRequest {
  const body = reader(message);
  const code = body.int32();
  switch (code) {
    case 0:
      return { kind: "ok" };
    case 3:
      return { kind: "cleartext" };
    case 5:
      return { kind: "md5", salt: Buffer.from(body.bytes(4)) };
    case 10: {
      const mechanisms: string[] = [];
      for (let name = body.cstring(); name.length > 0; name = body.cstring()) mechanisms.push(name.toString("latin1"));
      return { kind: "sasl", mechanisms };
    }
    case 11:
      return { kind: "sasl-continue", data: Buffer.from(body.rest()) };
    case 12:
      return { kind: "sasl-final", data: Buffer.from(body.rest()) };
    default:
      return { kind: "unsupported", method: otherMethods[code] ?? `number ${code}` };
  }
}

/** Transaction state of ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed one. */
export function readTransactionStatus(message: MessageView): "I" | "T" | "E" {
  const status = String.fromCharCode(reader(message).byte());
  if (status !== "I" && status !== "T" && status !== "E") throw malformed("an unknown transaction state");
  return status;
}

/** Fields of ErrorResponse and NoticeResponse by their one-letter code, for people. */
export function readNoticeFields(message: MessageView): ReadonlyMap<string, string> {
  const body = reader(message);
  const fields = new Map<string, string>();
  while (!body.isAtEnd) {
    const code = body.byte();
    if (code === 0) break;
    fields.set(String.fromCharCode(code), textForPeople(body.cstring()));
  }
  return fields;
}
