import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";

const sections = ["", "none", "pre-data", "data", "post-data"] as const;

/**
 * Reads the table of contents of a custom archive as stock pg_dump 17 and 18 write it (version 1.16). A second opinion
 * for tests: it shares no code with the reader that it may be compared with, and knows nothing but this version.
 */
export function readStockToc(archive: Buffer): TocEntry[] {
  const cursor = new Cursor(archive);
  if (cursor.bytes(5).toString() !== "PGDMP" || cursor.byte() !== 1 || cursor.byte() !== 16) {
    throw new Error("not a custom archive of version 1.16");
  }
  // rev, size of integers, size of offsets, format, compression
  cursor.bytes(5);
  // time stamp
  for (let i = 0; i < 7; i++) cursor.int();
  // database, server version, pg_dump version
  for (let i = 0; i < 3; i++) cursor.text();
  return Array.from({ length: cursor.int() }, () => readEntry(cursor));
}

function readEntry(cursor: Cursor): TocEntry {
  const entry = {
    dumpId: cursor.int(),
    hadDumper: cursor.int() !== 0,
    catalog: { table: Number(cursor.text()), oid: Number(cursor.text()) },
    tag: cursor.text() ?? "",
    desc: cursor.text() ?? "",
    section: sections[cursor.int()] || "none",
    definition: cursor.text(),
    drop: cursor.text(),
    copy: cursor.text(),
    namespace: cursor.text(),
    tablespace: cursor.text(),
    tableAccessMethod: cursor.text(),
    relkind: relkindOf(cursor.int()),
    owner: cursor.text(),
    withOids: cursor.text(),
    dependencies: cursor.dependencies(),
  };
  // flag and offset of the data
  cursor.bytes(9);
  return entry;
}

function relkindOf(code: number): string {
  return code === 0 ? "" : String.fromCharCode(code);
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  bytes(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new Error("the archive ends in its table of contents");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(): number {
    return this.bytes(1)[0]!;
  }

  int(): number {
    const sign = this.byte() === 0 ? 1 : -1;
    return sign * this.bytes(4).readUInt32LE(0);
  }

  text(): string | null {
    const length = this.int();
    return length < 0 ? null : this.bytes(length).toString("latin1");
  }

  dependencies(): number[] {
    const found: number[] = [];
    for (let text = this.text(); text !== null; text = this.text()) found.push(Number(text));
    return found;
  }
}
