import type { Section } from "../archive/toc-entry.ts";
import type { DumpObject } from "./dump-object.ts";
import type { PlannedEntry } from "./object-type.ts";

/** What differs from type to type in an entry; what is left out is null, empty or none. */
export interface EntryParts {
  readonly desc: string;
  /** Where it stands unless the sorter had to move it behind the data. */
  readonly section: Section;
  readonly owner: string | null;
  readonly definition?: string;
  readonly drop?: string;
  /** Without it the object's name. */
  readonly tag?: string;
  readonly tablespace?: string | null;
  readonly tableAccessMethod?: string | null;
  readonly relkind?: string;
}

/** One for all: the planner puts another in its place. */
const none: readonly number[] = [];

/** The entry that stands for the object itself: it carries the object's dump id. */
export function objectEntry(
  object: Pick<DumpObject, "dumpId" | "catalog" | "name" | "schema" | "postponed">,
  parts: EntryParts,
): PlannedEntry {
  return {
    dumpId: object.dumpId,
    hadDumper: false,
    catalog: object.catalog,
    tag: parts.tag ?? object.name,
    desc: parts.desc,
    section: object.postponed === true ? "post-data" : parts.section,
    definition: parts.definition ?? null,
    drop: parts.drop ?? null,
    copy: null,
    namespace: object.schema,
    tablespace: parts.tablespace ?? null,
    tableAccessMethod: parts.tableAccessMethod ?? null,
    relkind: parts.relkind ?? "",
    owner: parts.owner,
    dependencies: none,
  };
}
