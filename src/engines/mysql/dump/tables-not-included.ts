import type { NotIncluded } from "../../../ports/dump.ts";
import { readNotIncluded } from "../objects/not-included.ts";
import type { Relation } from "../objects/read-relations.ts";
import type { DumpRun } from "./dump-run.ts";
import { holdsRows } from "./table-rows.ts";
import type { MysqlSource } from "./with-source.ts";

/** Of a dump, whoever writes it. */
export interface LookedAt extends Pick<DumpRun, "database" | "options" | "relations"> {
  readonly source: Pick<MysqlSource, "facts" | "control">;
}

/** What the server holds and a backup does not. @param hasHistory of a table whose old rows are in it */
export async function notIncludedIn(
  { database, source, options, relations }: LookedAt,
  hasHistory: (table: Relation) => boolean,
): Promise<NotIncluded[]> {
  const tables = relations.filter(({ kind }) => kind === "table");
  return [
    // Not in the snapshot's session: MariaDB has tables of accounts that know no savepoints, and these would know none behind.
    ...(await readNotIncluded(source.control, database, source.facts, options)),
    ...missingHistories(tables.filter((table) => !hasHistory(table))),
    ...missingRows(tables.filter((table) => !holdsRows(table))),
  ];
}

/** What a backup of versioned tables leaves out. */
function missingHistories(tables: readonly Relation[]): NotIncluded[] {
  const versioned = tables.filter(({ isVersioned }) => isVersioned).map(({ name }) => name);
  if (versioned.length === 0) return [];
  return [
    {
      kind: "row-histories",
      count: versioned.length,
      examples: versioned.slice(0, 3),
      hint: "old versions of rows of system-versioned tables are not in it; --dump-history takes them",
    },
  ];
}

/** Rows that lie in other tables, files or servers. */
function missingRows(tables: readonly Relation[]): NotIncluded[] {
  if (tables.length === 0) return [];
  return [
    {
      kind: "rows-kept-elsewhere",
      count: tables.length,
      examples: tables.slice(0, 3).map(({ name }) => name),
      hint: "these tables' engines hold no rows of their own: back up what they show where it is kept",
    },
  ];
}
