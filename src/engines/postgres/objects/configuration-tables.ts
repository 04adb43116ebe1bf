import { parseTextArray } from "../sql/pg-array.ts";
import type { CatalogReader } from "./catalog-reader.ts";

/**
 * Tables and sequences of extensions that hold data of the user (`pg_extension_config_dump`), by OID, with the condition
 * that picks the user's rows; empty for all of them. One query.
 */
export async function readConfigurationTables(reader: CatalogReader): Promise<ReadonlyMap<number, string>> {
  const rows = await reader.rows(
    "SELECT extconfig, extcondition FROM pg_catalog.pg_extension WHERE extconfig IS NOT NULL AND oid >= 16384 ORDER BY oid",
  );
  const conditions = new Map<number, string>();
  for (const row of rows) {
    const relations = parseTextArray(row.extconfig!);
    const filters = parseTextArray(row.extcondition ?? "{}");
    relations.forEach((relation, index) => {
      conditions.set(Number(relation), filters[index] ?? "");
    });
  }
  return conditions;
}
