import type { BackupContents, ContentsEntry, TableKey } from "../../../ports/restore.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";

/** `COPY schema.table (a, "b c") FROM stdin;`, quoted where it must be. */
const copyPattern = /^COPY (?:(?:"(?:[^"]|"")+"|[^". ]+)\.)?(?:"(?:[^"]|"")+"|[^" (]+) ?(\(.*\)) FROM stdin;\n?$/s;

/** `(a, "b c")` of a COPY statement, as SQL. Undefined for one that names no columns, or is written in another way. */
export function copiedColumns(copy: string): string | undefined {
  return copyPattern.exec(copy)?.[1];
}

/** What an archive says of itself, in terms of its table of contents. */
export function contentsOf(entries: readonly TocEntry[], decode: NameDecoder): BackupContents {
  const columns = new Map<TableKey, string>();
  for (const { desc, namespace, tag, copy } of entries) {
    const list = desc === "TABLE DATA" && copy !== null ? copiedColumns(copy) : undefined;
    if (list !== undefined) columns.set(`${decode(namespace ?? "")}\0${decode(tag)}`, decode(list));
  }
  return { entries: entries.map((entry) => contentsEntry(entry, decode)), columns };
}

/** An entry as people and metadata see it. */
export function contentsEntry({ desc, namespace, tag, definition }: TocEntry, decode: NameDecoder): ContentsEntry {
  const value = desc === "SEQUENCE SET" && definition !== null ? { value: decode(definition) } : {};
  return { type: desc, schema: decode(namespace ?? ""), name: decode(tag), ...value };
}
