import { createHash } from "node:crypto";
import type { PlannedEntry } from "../../objects/object-type.ts";

/**
 * SHA-256 of all that the table of contents says but for what is no part of a snapshot: values of sequences, and the
 * optimizer's statistics, which are read late. Two dumps with the same one call their files alike.
 */
export function entriesHash(entries: readonly PlannedEntry[]): string {
  const hash = createHash("sha256");
  for (const { data, statisticsOf, ...entry } of entries) {
    const definition = entry.desc === "SEQUENCE SET" || statisticsOf !== undefined ? null : entry.definition;
    const oids = data?.kind === "large-objects" ? data.oids : null;
    hash.update(JSON.stringify([Object.values({ ...entry, definition }), oids]));
  }
  return hash.digest("hex");
}
