import { rowValues } from "../exchanges/result-set.ts";
import { LiteralKind } from "./literal-kind.ts";

const escapes: Readonly<Record<number, string>> = {
  0: "\\0",
  10: "\\n",
  13: "\\r",
  26: "\\Z",
  39: "\\'",
  92: "\\\\",
};

/** A row packet as a parenthesis of literals: the readable twin of insert-scanner.as.ts. */
export function rowLiterals(packet: Buffer, kinds: readonly LiteralKind[]): Buffer {
  const pieces: Buffer[] = [];
  for (const [index, value] of rowValues(packet, kinds.length).entries()) {
    pieces.push(Buffer.from(index === 0 ? "(" : ","), literal(value, kinds[index]!));
  }
  pieces.push(Buffer.from(")"));
  return Buffer.concat(pieces);
}

function literal(value: Buffer | null, kind: LiteralKind): Buffer {
  if (value === null) return Buffer.from("NULL");
  if (value.length === 0) return Buffer.from("''");
  switch (kind) {
    case LiteralKind.number:
      return value.equals(Buffer.from("-0")) ? Buffer.from("'-0'") : value;
    case LiteralKind.text:
      return Buffer.concat([Buffer.from("'"), escaped(value), Buffer.from("'")]);
    case LiteralKind.binary:
      return Buffer.concat([Buffer.from("_binary '"), escaped(value), Buffer.from("'")]);
    case LiteralKind.hex:
      return Buffer.from(`0x${value.toString("hex").toUpperCase()}`);
  }
}

function escaped(value: Buffer): Buffer {
  const text = value.toString("latin1").replaceAll(/[\0\n\r\x1a'\\]/g, (letter) => escapes[letter.charCodeAt(0)]!);
  return Buffer.from(text, "latin1");
}
