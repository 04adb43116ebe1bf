import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import type { ColumnFacts } from "../objects/read-relations.ts";
import { quoteName } from "../quote.ts";

/** How a column is read, and how its values are written. */
export interface ColumnLiteral {
  /** What is selected. */
  readonly expression: string;
  readonly kind: LiteralKind;
}

const numbers = new Set("tinyint smallint mediumint int integer bigint decimal numeric double year".split(" "));
/** Written as they are in a script whose character set is utf8mb4. */
const scriptCharsets = new Set(["utf8mb4", "utf8mb3", "utf8"]);
const texts = new Set("char varchar tinytext text mediumtext longtext enum set".split(" "));
/** Sent as text in ASCII, or in UTF-8. */
const asText = new Set("date datetime timestamp time json uuid inet4 inet6 xmltype".split(" "));

/** @param hexBlob bytes in hexadecimal digits instead of `_binary '...'` */
export function columnLiteral(column: ColumnFacts, hexBlob: boolean): ColumnLiteral {
  const name = quoteName(column.name);
  const { type } = column;
  // The server's text of a FLOAT has six digits, and a double's all that are needed. Times one, not plus zero: that
  // would lose the sign of a negative zero.
  if (type === "float") return { expression: `${name} * 1e0`, kind: LiteralKind.number };
  if (numbers.has(type)) return { expression: name, kind: LiteralKind.number };
  if (type === "bit") return { expression: name, kind: LiteralKind.hex };
  if ((type === "enum" || type === "set") && hasEmptyMember(column.fullType)) {
    // Their text cannot tell this member from no member at all. As a number, and not plus zero, which is a double.
    return { expression: `CAST(${name} AS UNSIGNED)`, kind: LiteralKind.number };
  }
  if (asText.has(type)) return { expression: name, kind: LiteralKind.text };
  if (texts.has(type) && column.charset !== undefined && scriptCharsets.has(column.charset)) {
    return { expression: name, kind: LiteralKind.text };
  }
  return { expression: name, kind: hexBlob ? LiteralKind.hex : LiteralKind.binary };
}

/** Whether `enum('a','')` has the empty string among its members. */
export function hasEmptyMember(fullType: string): boolean {
  const members = [...fullType.slice(fullType.indexOf("(") + 1).matchAll(/'((?:[^']|'')*)'/g)];
  return members.some(([, member]) => member === "");
}
