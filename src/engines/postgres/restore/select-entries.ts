import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreSelection } from "../../../ports/restore.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { isAttribute, type WantedParts, wantedParts } from "../archive/wanted-parts.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";

/** An entry of which something is restored. */
export interface SelectedEntry {
  readonly entry: TocEntry;
  readonly parts: WantedParts;
}

export interface EntrySelection {
  /** In the order of the archive. */
  readonly selected: readonly SelectedEntry[];
  /** How many entries of each type were left out. */
  readonly leftOut: ReadonlyMap<string, number>;
}

const relationTypes: ReadonlySet<string> = new Set(["FOREIGN TABLE", "MATERIALIZED VIEW", "SEQUENCE", "TABLE", "VIEW"]);

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
 * What of an archive is restored. Pure.
 * @throws BackupError USAGE for options that exclude each other, NOT_FOUND for a table or schema that is not in the archive
 */
export function selectEntries(
  entries: readonly TocEntry[],
  selection: RestoreSelection & { readonly create: boolean },
  decode: NameDecoder,
): EntrySelection {
  const chosen = chosenEntries(entries, selection, decode);
  const selected: SelectedEntry[] = [];
  const leftOut = new Map<string, number>();
  for (const entry of entries) {
    const parts = wantedParts(entry, selection);
    const isWanted = parts.definition || parts.data;
    if (isWanted && (chosen === undefined || chosen.has(entry.dumpId))) selected.push({ entry, parts });
    else leftOut.set(entry.desc, (leftOut.get(entry.desc) ?? 0) + 1);
  }
  return { selected, leftOut };
}

/** Dump ids of what the selection of tables and schemas takes; undefined when it takes everything. */
function chosenEntries(
  entries: readonly TocEntry[],
  { tables, schemas }: RestoreSelection,
  decode: NameDecoder,
): ReadonlySet<number> | undefined {
  if (tables.length === 0 && schemas.length === 0) return undefined;
  const chosen = tables.length > 0 ? withDependents(entries, namedRelations(entries, tables, decode)) : undefined;
  if (schemas.length === 0) return chosen;
  const inSchemas = withAttributes(entries, entriesOfSchemas(entries, schemas, decode));
  return chosen === undefined ? inSchemas : new Set([...chosen].filter((id) => inSchemas.has(id)));
}

function namedRelations(entries: readonly TocEntry[], names: readonly string[], decode: NameDecoder): Set<number> {
  const found = new Set<number>();
  const relations = entries.filter(({ desc }) => relationTypes.has(desc));
  for (const name of names) {
    const matches = relations.filter(({ tag, namespace }) => {
      const bare = decode(tag);
      return bare === name || `${decode(namespace ?? "")}.${bare}` === name;
    });
    if (matches.length === 0) throw notInArchive("table", name);
    for (const entry of matches) found.add(entry.dumpId);
  }
  return found;
}

/**
 * Adds what hangs on the chosen relations: an entry comes along when all relations that it depends on are chosen, so that
 * a foreign key to a table that stays behind does not.
 */
function withDependents(entries: readonly TocEntry[], relations: ReadonlySet<number>): Set<number> {
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

function entriesOfSchemas(entries: readonly TocEntry[], schemas: readonly string[], decode: NameDecoder): Set<number> {
  const found = new Set<number>();
  for (const schema of schemas) {
    const before = found.size;
    for (const { dumpId, desc, tag, namespace } of entries) {
      const name = desc === "SCHEMA" ? tag : namespace;
      if (name !== null && decode(name) === schema) found.add(dumpId);
    }
    if (found.size === before) throw notInArchive("schema", schema);
  }
  return found;
}

/** Comments, labels and privileges of the schema itself lie in no schema: they follow their object. */
function withAttributes(entries: readonly TocEntry[], chosen: Set<number>): Set<number> {
  for (const entry of entries) {
    if (isAttribute(entry) && entry.dependencies.some((id) => chosen.has(id))) chosen.add(entry.dumpId);
  }
  return chosen;
}

function notInArchive(kind: string, name: string): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: `the backup holds no ${kind} "${name}"`,
    hint: "names are matched exactly as they are stored; see what it holds with --list",
  });
}
