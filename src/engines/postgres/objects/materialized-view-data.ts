import { qualified } from "../sql/quote.ts";
import type { DumpObject } from "./dump-object.ts";
import { partsWith } from "./dump-parts.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { dumpedTables, type Relation } from "./relation/relation.ts";

/** Filling a materialized view again. */
interface MaterializedViewData extends DumpObject {
  readonly kind: "materialized-view-data";
  readonly view: Relation;
  /** Materialized views that it reads from, directly or through views. */
  readonly sources: MaterializedViewData[];
}

export const materializedViewDataType: ObjectType<MaterializedViewData> = {
  label: "materialized view data",

  queries: () => ({ rows: sourcesQuery }),

  read(reader, { rows }): MaterializedViewData[] {
    if (!reader.wanted.data) return [];
    const views = dumpedTables(reader.registry, "m").filter(({ catalog }) => reader.selection.data(catalog.oid));
    const data = views.map((view) =>
      reader.registry.add<MaterializedViewData>({
        kind: "materialized-view-data",
        catalog: { table: 0, oid: view.catalog.oid },
        name: view.name,
        schema: view.schema,
        parts: partsWith(view),
        view,
        sources: [],
      }),
    );
    const byView = new Map(data.map((each) => [each.view.catalog.oid, each]));
    for (const row of rows) {
      const reading = byView.get(Number(row.objid));
      const source = byView.get(Number(row.refobjid));
      if (reading === undefined || source === undefined) continue;
      reading.sources.push(source);
    }
    for (const each of data) if (readsFromUnpopulated(each)) each.view.populated = false;
    return data;
  },

  link(data: readonly MaterializedViewData[]): void {
    for (const each of data) {
      each.dependencies.add(each.view.dumpId);
      for (const source of each.sources) each.dependencies.add(source.dumpId);
    }
  },

  entries(data: MaterializedViewData): PlannedEntry[] {
    const { view } = data;
    if (!view.populated) return [];
    return [
      objectEntry(data, {
        desc: "MATERIALIZED VIEW DATA",
        section: "post-data",
        definition: `REFRESH MATERIALIZED VIEW ${qualified(view.schema, view.name)};\n`,
        owner: view.owner,
      }),
    ];
  },
};

/** Reading from a view without rows is an error. `sources` holds what is reached through others too. */
function readsFromUnpopulated(data: MaterializedViewData): boolean {
  return data.sources.some((source) => !source.view.populated);
}

/** Which materialized view reads from which, through any number of views and materialized views. */
const sourcesQuery = `
  WITH RECURSIVE reads AS (
    SELECT c.oid AS objid, d.refobjid, rc.relkind
    FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
      JOIN pg_catalog.pg_depend d ON d.objid = r.oid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> c.oid
      JOIN pg_catalog.pg_class rc ON rc.oid = d.refobjid AND rc.relkind IN ('m', 'v')
    WHERE c.relkind = 'm'
  UNION
    SELECT reads.objid, d.refobjid, rc.relkind
    FROM reads
      JOIN pg_catalog.pg_rewrite r ON r.ev_class = reads.refobjid
      JOIN pg_catalog.pg_depend d ON d.objid = r.oid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> reads.refobjid
      JOIN pg_catalog.pg_class rc ON rc.oid = d.refobjid AND rc.relkind IN ('m', 'v')
  )
  SELECT objid, refobjid FROM reads WHERE relkind = 'm' ORDER BY objid, refobjid`;
