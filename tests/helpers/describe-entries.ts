import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";

/** Entries about the archive and the database as a whole, which no object type makes. */
const notOfObjects = new Set(["ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES"]);

/** One text per entry, with dependencies by name instead of by number, since numbers are each tool's own. */
export function describeEntries(
  entries: readonly TocEntry[],
  only: (entry: TocEntry) => boolean,
  which: "objects" | "all" = "objects",
): string[] {
  const nameOf = new Map(
    entries.map((entry) => [entry.dumpId, `${entry.desc} ${entry.namespace ?? "-"} ${entry.tag}`]),
  );
  return entries
    .filter((entry) => (which === "all" || !notOfObjects.has(entry.desc)) && only(entry))
    .map((entry) =>
      [
        `${entry.desc} ${entry.namespace ?? "-"} ${entry.tag}`,
        `catalog ${entry.catalog.table} ${entry.catalog.oid}, section ${entry.section}, data ${entry.hadDumper}`,
        `tablespace ${JSON.stringify(entry.tablespace)}, access method ${entry.tableAccessMethod}, kind ${entry.relkind}`,
        `owner ${entry.owner}`,
        `after ${namesOfDependencies(entry, nameOf).join("; ")}`,
        `drop ${entry.drop ?? ""}`,
        `copy ${entry.copy ?? ""}`,
        entry.definition ?? "",
      ].join("\n"),
    );
}

/**
 * Stock pg_dump names some more than once; one without entry of its own says nothing. That privileges may need those of
 * the schema first is ours alone, and that properties of the database need the database.
 */
function namesOfDependencies(entry: TocEntry, nameOf: ReadonlyMap<number, string>): string[] {
  const names = entry.dependencies.flatMap((id) => nameOf.get(id) ?? []);
  return [...new Set(names)].filter((name) => !/^(?:ACL - SCHEMA|DATABASE -) /.test(name)).toSorted();
}
