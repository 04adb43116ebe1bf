import type { TocEntry } from "./toc-entry.ts";

const empty: Omit<TocEntry, "dumpId" | "desc" | "tag"> = {
  hadDumper: false,
  catalog: { table: 0, oid: 0 },
  section: "none",
  definition: null,
  drop: null,
  copy: null,
  namespace: null,
  tablespace: null,
  tableAccessMethod: null,
  relkind: "",
  owner: null,
  dependencies: [],
};

/** An entry that has nothing but what is given: of no section, schema, owner or row of a catalogue. */
export function bareEntry<P extends Partial<TocEntry> & Pick<TocEntry, "dumpId" | "desc" | "tag">>(
  part: P,
): TocEntry & P {
  return { ...empty, ...part };
}
