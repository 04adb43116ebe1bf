import { ColumnKind } from "./column-kind.ts";

const escapes: Readonly<Record<number, string>> = {
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  92: "\\\\",
};

/**
 * What COPY's text format has for the rows that `bytes` hold in binary format (PostgreSQL's manual, COPY, "Binary
 * Format"), whole: the plain twin of binary-rows.as.ts, for tests and for readers.
 */
export function textOfBinaryRows(bytes: Buffer, kinds: readonly ColumnKind[]): Buffer {
  const lines: string[] = [];
  // Signature, flags, length of an extension.
  let at = 19;
  for (;;) {
    const count = bytes.readInt16BE(at);
    at += 2;
    if (count === -1) break;
    const values: string[] = [];
    for (let column = 0; column < count; column++) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length === -1) values.push("\\N");
      else {
        values.push(textOf(bytes.subarray(at, at + length), kinds[column]!));
        at += length;
      }
    }
    lines.push(`${values.join("\t")}\n`);
  }
  return Buffer.from(lines.join(""), "latin1");
}

function textOf(value: Buffer, kind: ColumnKind): string {
  switch (kind) {
    case ColumnKind.int2:
      return String(value.readInt16BE());
    case ColumnKind.int4:
      return String(value.readInt32BE());
    case ColumnKind.int8:
      return String(value.readBigInt64BE());
    case ColumnKind.oid:
      return String(value.readUInt32BE());
    case ColumnKind.bool:
      return value[0] === 0 ? "f" : "t";
    case ColumnKind.uuid:
      return value.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    case ColumnKind.bytea:
      return `\\\\x${value.toString("hex")}`;
    case ColumnKind.jsonb:
      return escaped(value.subarray(1));
    case ColumnKind.text:
      return escaped(value);
  }
}

/** One UTF-16 unit for each byte. */
function escaped(value: Buffer): string {
  return Array.from(value, (byte) => escapes[byte] ?? String.fromCharCode(byte)).join("");
}
