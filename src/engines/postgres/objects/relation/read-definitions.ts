import type { Row } from "../catalog-reader.ts";
import type { ObjectRegistry } from "../object-registry.ts";
import { relationAt } from "./relation.ts";

/** @param oids an SQL array of views and materialized views. */
export function viewQuery(oids: string): string {
  return `SELECT src.oid, pg_catalog.pg_get_viewdef(src.oid) AS definition FROM pg_catalog.unnest(${oids}) AS src(oid)`;
}

/** Fills `query` of views and materialized views. @param rows what {@link viewQuery} answered. */
export function readViewQueries(registry: ObjectRegistry, rows: readonly Row[]): void {
  for (const row of rows) relationAt(registry, Number(row.oid))!.query = row.definition!.replace(/;$/, "");
}

export const sequenceQuery =
  "SELECT seqrelid, pg_catalog.format_type(seqtypid, NULL) AS type, seqstart, seqincrement, seqmin, seqmax, seqcache, " +
  "seqcycle FROM pg_catalog.pg_sequence ORDER BY seqrelid";

/** Fills `sequence` of sequences. @param rows what {@link sequenceQuery} answered. */
export function readSequenceSettings(registry: ObjectRegistry, rows: readonly Row[]): void {
  for (const row of rows) {
    const relation = relationAt(registry, Number(row.seqrelid));
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
