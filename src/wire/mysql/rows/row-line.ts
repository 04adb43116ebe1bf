import { rowValues } from "../exchanges/result-set.ts";

const escapes: Readonly<Record<number, string>> = { 0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

/** A row packet as a line for LOAD DATA, without the line feed: the readable twin of insert-scanner.as.ts. */
export function rowLine(packet: Buffer, columns: number): Buffer {
  const fields = rowValues(packet, columns).map((value) => value?.toString("latin1") ?? null);
  return Buffer.from(fields.map((value) => (value === null ? "\\N" : escaped(value))).join("\t"), "latin1");
}

function escaped(value: string): string {
  return value.replaceAll(/[\0\t\n\r\\]/g, (letter) => escapes[letter.charCodeAt(0)]!);
}
