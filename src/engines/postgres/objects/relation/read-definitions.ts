import { Catalog, type CatalogReader } from "../catalog-reader.ts";
import { oidArray, type Relation, relationAt } from "./relation.ts";

/** Fills `query` of views and materialized views. One query. */
export async function readViewQueries(reader: CatalogReader, views: readonly Relation[]): Promise<void> {
  const rows = await reader.rows(
    `SELECT src.oid, pg_catalog.pg_get_viewdef(src.oid) AS definition FROM pg_catalog.unnest(${oidArray(views)}) AS src(oid)`,
  );
  for (const row of rows) {
    const view = reader.registry.find({ table: Catalog.pg_class, oid: Number(row.oid) }) as Relation;
    view.query = row.definition!.replace(/;$/, "");
  }
}

/** Fills `sequence` of sequences. One query. */
export async function readSequenceSettings(reader: CatalogReader): Promise<void> {
  const rows = await reader.rows(
    "SELECT seqrelid, pg_catalog.format_type(seqtypid, NULL) AS type, seqstart, seqincrement, seqmin, seqmax, seqcache, " +
      "seqcycle FROM pg_catalog.pg_sequence ORDER BY seqrelid",
  );
  for (const row of rows) {
    const relation = relationAt(reader.registry, Number(row.seqrelid));
    if (relation === undefined) continue;
    relation.sequence = {
      type: row.type!,
      start: row.seqstart!,
      increment: row.seqincrement!,
      minimum: row.seqmin!,
      maximum: row.seqmax!,
      cache: row.seqcache!,
      cycle: row.seqcycle === "t",
    };
  }
}
