import type { TocEntry } from "../../archive/toc-entry.ts";

export const relationTypes: ReadonlySet<string> = new Set([
  "FOREIGN TABLE",
  "MATERIALIZED VIEW",
  "SEQUENCE",
  "TABLE",
  "VIEW",
]);

/** What hangs on a relation and comes along with it. */
const hangsOnRelation: ReadonlySet<string> = new Set([
  "ACL",
  "CHECK CONSTRAINT",
  "COMMENT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "MATERIALIZED VIEW DATA",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "SECURITY LABEL",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "STATISTICS",
  "STATISTICS DATA",
  "TABLE ATTACH",
  "TABLE DATA",
  "TRIGGER",
]);

/**
 * Adds what hangs on the chosen relations: an entry comes along when all relations that it depends on are chosen, so that
 * a foreign key to a table that stays behind does not.
 */
export function withDependents(entries: readonly TocEntry[], relations: ReadonlySet<number>): Set<number> {
  const chosen = new Set(relations);
  const typeOf = new Map(entries.map((entry) => [entry.dumpId, entry.desc]));
  const comesAlong = (entry: TocEntry): boolean => {
    const relevant = entry.dependencies.filter((id) => {
      const type = typeOf.get(id);
      return type !== undefined && isAttached(type);
    });
    return relevant.length > 0 && relevant.every((id) => chosen.has(id));
  };
  // A sequence comes along when its table owns it: as an identity column's it depends on the table itself.
  for (const owned of ownedSequences(entries, chosen)) chosen.add(owned);
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size;
    for (const entry of entries) {
      if (chosen.has(entry.dumpId) || !isAttached(entry.desc)) continue;
      if (relationTypes.has(entry.desc) && entry.desc !== "SEQUENCE") continue;
      if (comesAlong(entry)) chosen.add(entry.dumpId);
    }
  }
  return chosen;
}

function isAttached(type: string): boolean {
  return relationTypes.has(type) || hangsOnRelation.has(type);
}

function* ownedSequences(entries: readonly TocEntry[], tables: ReadonlySet<number>): Generator<number> {
  const sequences = new Set(entries.filter(({ desc }) => desc === "SEQUENCE").map(({ dumpId }) => dumpId));
  for (const { desc, dependencies } of entries) {
    if (desc !== "SEQUENCE OWNED BY" || !dependencies.some((id) => tables.has(id))) continue;
    for (const id of dependencies) if (sequences.has(id)) yield id;
  }
}
