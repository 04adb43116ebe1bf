import { bareEntry } from "../archive/bare-entry.ts";
import { largeObjectIds, privilegesOfLargeObject } from "../archive/large-object-statements.ts";
import type { PlannedEntry } from "../objects/object-type.ts";

/**
 * The same entries as archives before 1.16 hold them: one BLOB entry before the data for each large object, and one BLOBS
 * entry with the contents of all. Entries without large objects come back as they are.
 * @param nextDumpId a fresh dump id.
 */
export function ungroupLargeObjects(entries: readonly PlannedEntry[], nextDumpId: () => number): PlannedEntry[] {
  const groups = new Map(
    entries.filter((entry) => entry.desc === "BLOB METADATA").map((entry) => [entry.dumpId, entry]),
  );
  if (groups.size === 0) return [...entries];
  const singles = new Map<string, PlannedEntry[]>();
  for (const group of groups.values()) {
    for (const id of largeObjectIds(group)) singles.set(id, [singleEntry(group, id, nextDumpId())]);
  }
  const others: PlannedEntry[] = [];
  for (const entry of entries) {
    if (groups.has(entry.dumpId) || entry.desc === "BLOBS") continue;
    const group = entry.dependencies.map((id) => groups.get(id)).find((found) => found !== undefined);
    if (group === undefined) others.push(entry);
    else if (entry.desc === "ACL") addPrivileges(entry, group, singles, nextDumpId);
    else addToSingle(entry, singles);
  }
  // In the order of their tags, as all entries of a kind stand.
  const before = [...singles].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, single]) => single);
  const firstData = others.findIndex((entry) => entry.section === "data" || entry.section === "post-data");
  const firstPostData = others.findIndex((entry) => entry.section === "post-data");
  const dataStart = firstData < 0 ? others.length : firstData;
  const dataEnd = firstPostData < 0 ? others.length : firstPostData;
  return [
    ...others.slice(0, dataStart),
    ...before,
    ...others.slice(dataStart, dataEnd),
    contentsEntry([...singles.keys()].map(Number), nextDumpId()),
    ...others.slice(dataEnd),
  ];
}

function singleEntry(group: PlannedEntry, id: string, dumpId: number): PlannedEntry {
  return {
    ...group,
    dumpId,
    catalog: { table: group.catalog.table, oid: Number(id) },
    tag: id,
    desc: "BLOB",
    section: "pre-data",
    definition: `SELECT pg_catalog.lo_create('${id}');\n`,
    drop: `SELECT pg_catalog.lo_unlink('${id}');\n`,
  };
}

function addPrivileges(
  acl: PlannedEntry,
  group: PlannedEntry,
  singles: ReadonlyMap<string, PlannedEntry[]>,
  nextDumpId: () => number,
): void {
  for (const id of largeObjectIds(group)) {
    const single = singles.get(id)!;
    single.push({
      ...acl,
      dumpId: nextDumpId(),
      tag: `LARGE OBJECT ${id}`,
      definition: privilegesOfLargeObject(acl, id),
      dependencies: [single[0]!.dumpId],
    });
  }
}

/** A comment names its object in the tag: `LARGE OBJECT 16406`. */
function addToSingle(entry: PlannedEntry, singles: ReadonlyMap<string, PlannedEntry[]>): void {
  const single = singles.get(entry.tag.slice(entry.tag.lastIndexOf(" ") + 1));
  if (single === undefined) throw new Error(`entry "${entry.tag}" is about no large object of its group`);
  single.push({ ...entry, dependencies: [single[0]!.dumpId] });
}

function contentsEntry(oids: readonly number[], dumpId: number): PlannedEntry {
  return bareEntry({
    dumpId,
    hadDumper: true,
    tag: "BLOBS",
    desc: "BLOBS",
    section: "data",
    data: { kind: "large-objects", oids: oids.toSorted((a, b) => a - b) },
  });
}
