import { quoteIdentifier } from "../sql/quote.ts";
import type { CatalogReader } from "./catalog-reader.ts";

/**
 * Extensions that objects of one catalogue were made to depend on by ALTER ... DEPENDS ON EXTENSION, by OID of the
 * object. One query.
 */
export async function readExtensionDependencies(
  reader: CatalogReader,
  catalogTable: number,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const rows = await reader.rows(
    "SELECT d.objid, e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid " +
      "WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'x' " +
      `AND d.classid = ${catalogTable} ORDER BY 1, 2`,
  );
  const names = new Map<number, string[]>();
  for (const row of rows) {
    const oid = Number(row.objid);
    names.set(oid, [...(names.get(oid) ?? []), row.extname!]);
  }
  return names;
}

/** @param subject `INDEX s.i`, `TRIGGER t ON s.r`: what stands behind ALTER. Quoted. */
export function dependsOnExtensionStatements(subject: string, extensions: readonly string[]): string {
  return extensions.map((name) => `\nALTER ${subject} DEPENDS ON EXTENSION ${quoteIdentifier(name)};`).join("");
}
