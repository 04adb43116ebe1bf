import type { CatalogId } from "../archive/toc-entry.ts";

/**
 * A catalogue identity as one number, for maps: OIDs have 32 bits, those of the system's own catalogues 14. Dumps of many
 * objects look up millions of them, and texts would cost far more.
 */
export function catalogKey({ table, oid }: CatalogId): number {
  return table * 0x1_0000_0000 + oid;
}
