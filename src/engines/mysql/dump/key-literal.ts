import type { ColumnFacts } from "../objects/read-relations.ts";

const integers = new Set("tinyint smallint mediumint int integer bigint".split(" "));
const texts = new Set("char varchar tinytext text mediumtext longtext".split(" "));
const bytes = new Set("binary varbinary tinyblob blob mediumblob longblob".split(" "));
/** Compared with their text as they are ordered. */
const quoted = new Set("date datetime timestamp time uuid inet4 inet6".split(" "));
/** Not compared as texts, which would be as doubles. */
const decimals = new Set("decimal numeric".split(" "));

export function isInteger({ type }: ColumnFacts): boolean {
  return integers.has(type);
}

/** Whether values of a column can be written as they are compared. */
export function hasKeyLiteral({ type, charset }: ColumnFacts): boolean {
  return (
    integers.has(type) ||
    decimals.has(type) ||
    bytes.has(type) ||
    quoted.has(type) ||
    (texts.has(type) && charset !== undefined)
  );
}

/** What stands for a value of the key, and is compared with it by the collation of its column. */
export function keyLiteral(value: Buffer, { type, charset }: ColumnFacts): string {
  if (integers.has(type) || decimals.has(type)) return value.toString("latin1");
  if (quoted.has(type)) return `'${value.toString("latin1")}'`;
  const introducer = texts.has(type) ? `_${charset} ` : "";
  return value.length === 0 ? `${introducer}''` : `${introducer}0x${value.toString("hex").toUpperCase()}`;
}
