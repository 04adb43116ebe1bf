import type { TocEntry } from "../archive/toc-entry.ts";

/**
 * Which tables get what is made for a table: partitions and heirs, and their own, by dump ids. An archive tells that a
 * table needs another one and not why: its heirs are among those that do, and the others do no harm.
 * @param entries all of the archive
 */
export function heirsOfTables(entries: readonly TocEntry[]): (table: number) => readonly number[] {
  const tables = new Map(entries.filter(isTable).map((entry) => [entry.dumpId, entry]));
  const children = new Map<number, number[]>();
  const add = (parent: number, child: number): void => {
    if (parent === child || !tables.has(parent)) return;
    const known = children.get(parent);
    if (known === undefined) children.set(parent, [child]);
    else known.push(child);
  };
  for (const entry of entries) {
    if (isTable(entry)) for (const parent of entry.dependencies) add(parent, entry.dumpId);
    if (entry.desc !== "TABLE ATTACH") continue;
    // Named for the partition.
    const child = entry.dependencies.find((id) => isNamed(tables.get(id), entry));
    if (child !== undefined) for (const parent of entry.dependencies) add(parent, child);
  }
  const known = new Map<number, readonly number[]>();
  return (table) => {
    if (!children.has(table)) return [];
    const all = known.get(table) ?? [...closure(table, children)];
    known.set(table, all);
    return all;
  };
}

function isTable({ desc }: TocEntry): boolean {
  return desc === "TABLE" || desc === "FOREIGN TABLE";
}

function isNamed(table: TocEntry | undefined, { tag, namespace }: TocEntry): boolean {
  return table !== undefined && table.tag === tag && table.namespace === namespace;
}

function closure(table: number, children: ReadonlyMap<number, readonly number[]>): Set<number> {
  const found = new Set(children.get(table));
  for (const heir of found) for (const child of children.get(heir) ?? []) found.add(child);
  found.delete(table);
  return found;
}
