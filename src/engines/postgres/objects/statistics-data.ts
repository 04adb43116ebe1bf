import type { Capabilities } from "../capabilities.ts";
import { parseTextArray } from "../sql/pg-array.ts";
import type { Row } from "./catalog-reader.ts";
import { type DumpObject, definitionOnly } from "./dump-object.ts";
import type { IndexObject } from "./index-object.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectRegistry } from "./object-registry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { dumpedTables, type Relation } from "./relation/relation.ts";

/** What the optimizer knows of a table, materialized view or index. */
export interface StatisticsData extends DumpObject {
  readonly kind: "statistics-data";
  readonly schema: string;
  readonly section: "data" | "post-data";
  readonly subject: Relation | IndexObject;
  readonly size: RelationSize;
  /**
   * Names of the columns of an index on expressions, in order; empty for everything else. Their names may differ after a
   * restore, their numbers do not.
   */
  readonly indexColumns: readonly string[];
}

/** Columns of pg_class in text, as the server prints them. */
export interface RelationSize {
  readonly pages: string;
  readonly tuples: string;
  readonly allVisible: string;
  /** Null where the server does not keep it. */
  readonly allFrozen: string | null;
}

export const statisticsDataType: ObjectType<StatisticsData> = {
  label: "optimizer statistics",

  queriesAboutRelations: ({ capabilities, wanted }) => ({
    rows: wanted.statistics ? sizesQuery(capabilities) : undefined,
  }),

  read(reader, { rows }): StatisticsData[] {
    if (!reader.wanted.statistics) return [];
    const sizes = new Map(rows.map((row) => [Number(row.oid), row]));
    return subjects(reader.registry).flatMap((subject) => {
      const size = sizes.get(subject.catalog.oid);
      return size === undefined ? [] : [reader.registry.add<StatisticsData>(statisticsOf(subject, size))];
    });
  },

  link(all: readonly StatisticsData[], registry: ObjectRegistry): void {
    const fillings = new Map<number, DumpObject>();
    for (const object of registry.ofKind("materialized-view-data")) fillings.set(object.catalog.oid, object);
    for (const { subject, dependencies } of all) {
      dependencies.add(subject.dumpId);
      // What is filled or built afterwards would be counted anew.
      const later = subject.kind === "index" ? subject.constraint : fillings.get(subject.catalog.oid);
      if (later !== undefined) dependencies.add(later.dumpId);
    }
  },

  entries(statistics: StatisticsData): PlannedEntry[] {
    const entry = objectEntry(statistics, { desc: "STATISTICS DATA", section: statistics.section, owner: null });
    return [{ ...entry, catalog: { table: 0, oid: 0 }, statisticsOf: statistics }];
  },
};

function subjects(registry: ObjectRegistry): (Relation | IndexObject)[] {
  const indexes = registry.ofKind("index") as readonly IndexObject[];
  return [...dumpedTables(registry, "rpfm"), ...indexes.filter(({ parts }) => parts.definition)];
}

function statisticsOf(subject: Relation | IndexObject, row: Row): Omit<StatisticsData, "dumpId" | "dependencies"> {
  const isLate = subject.kind === "index" || subject.relkind === "m";
  return {
    kind: "statistics-data",
    catalog: { table: 0, oid: subject.catalog.oid },
    name: subject.name,
    schema: subject.schema as string,
    parts: definitionOnly,
    section: isLate ? "post-data" : "data",
    subject,
    size: {
      pages: row.relpages!,
      tuples: row.reltuples!,
      allVisible: row.relallvisible!,
      allFrozen: row.relallfrozen ?? null,
    },
    indexColumns: parseTextArray(row.columns ?? "{}"),
  };
}

/** One query for all relations: counts of pages and rows, and the columns of indexes on expressions. */
function sizesQuery({ allFrozenPages, unknownTupleCount }: Capabilities): string {
  // Before 14, 0 said both that there are no rows and that nobody had looked yet.
  const tuples = unknownTupleCount ? "c.reltuples" : "CASE c.reltuples WHEN 0 THEN -1 ELSE c.reltuples END";
  return `
    SELECT c.oid, c.relpages, ${tuples} AS reltuples, c.relallvisible,
      ${allFrozenPages ? "c.relallfrozen" : "NULL"} AS relallfrozen,
      CASE WHEN i.indexprs IS NOT NULL THEN (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid) END AS columns
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'f', 'm', 'i', 'I')`;
}
