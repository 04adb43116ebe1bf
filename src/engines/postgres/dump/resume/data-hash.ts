import { createHash } from "node:crypto";
import type { PlannedEntry } from "../../objects/object-type.ts";

/**
 * SHA-256 of which data a dump holds, and what its files are called. Definitions are no part of it: what the table of
 * contents says was read by the first run, and stays.
 */
export function dataHash(entries: readonly PlannedEntry[]): string {
  const hash = createHash("sha256");
  for (const { data, dumpId, catalog, desc, namespace, tag, copy } of entries) {
    if (data === undefined) continue;
    const oids = data.kind === "large-objects" ? data.oids : null;
    hash.update(JSON.stringify([dumpId, catalog.oid, desc, namespace, tag, copy, oids]));
  }
  return hash.digest("hex");
}
