import { BackupError } from "../../../core/backup-error.ts";
import type { PlannedStep, RestoreRequest } from "../../../ports/restore.ts";
import { inRestoreOrder } from "../archive/restore-pass.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { checkOptions } from "./check-options.ts";
import { dropTrustReasons, entryTrustReasons } from "./needs-trust.ts";
import { type SelectedEntry, selectEntries } from "./select/select-entries.ts";

/** What a restore of an archive does, in order. */
export interface ArchivePlan {
  /** Dropped first, in this order. */
  readonly drops: readonly TocEntry[];
  /** Created and filled, in this order. */
  readonly entries: readonly SelectedEntry[];
  /** The same in the order of the archive, or of the list that names them. */
  readonly selected: readonly TocEntry[];
  readonly leftOut: ReadonlyMap<string, number>;
}

/**
 * Plans a restore. Pure.
 * @throws BackupError USAGE for options that exclude each other, NOT_FOUND for selected names that are not there
 */
export function planArchive(entries: readonly TocEntry[], request: RestoreRequest, decode: NameDecoder): ArchivePlan {
  checkOptions(request);
  const { selected, leftOut } = selectEntries(entries, request, decode);
  for (const { entry, parts } of selected) if (parts.data) checkCopy(entry);
  return {
    drops: plannedDrops(dropped(selected, request)),
    entries: [...inRestoreOrder(selected, ({ entry }) => entry)],
    selected: selected.map(({ entry }) => entry),
    leftOut,
  };
}

/** Schema and name of an entry, for people. */
export function entryName(entry: TocEntry, decode: NameDecoder): string {
  const name = decode(entry.tag);
  return entry.namespace === null || entry.namespace === "" ? name : `${decode(entry.namespace)}.${name}`;
}

/** Steps as they are printed. */
export function plannedSteps({ drops, entries }: ArchivePlan, decode: NameDecoder): PlannedStep[] {
  const step = (entry: TocEntry, action: PlannedStep["action"]): PlannedStep => ({
    dumpId: entry.dumpId,
    action,
    type: entry.desc,
    name: entryName(entry, decode),
  });
  const steps = drops.map((entry) => step(entry, "drop"));
  for (const { entry, parts } of entries) {
    if (parts.definition) steps.push(step(entry, "create"));
    if (parts.data) steps.push(step(entry, "data"));
  }
  return steps;
}

/**
 * What runs foreign code or reaches outside, one line each.
 * @param conforming `standard_conforming_strings` as the archive sets it
 */
export function plannedTrust({ drops, entries }: ArchivePlan, decode: NameDecoder, conforming: boolean): string[] {
  const lines = (entry: TocEntry, reasons: readonly string[]): string[] =>
    reasons.map((reason) => `${decode(entry.desc).toLowerCase()} "${entryName(entry, decode)}" ${reason}`);
  return [
    ...drops.flatMap((entry) => lines(entry, dropTrustReasons(entry, conforming))),
    ...entries.flatMap(({ entry }) => lines(entry, entryTrustReasons(entry, conforming))),
  ];
}

/** With `create` the database is dropped as a whole; one that is there stays. */
function dropped(selected: readonly SelectedEntry[], { clean, create, isThere }: RestoreRequest): TocEntry[] {
  if (!clean || (create && isThere !== true)) return [];
  return selected.map(({ entry }) => entry).filter(({ desc }) => !create || !desc.startsWith("DATABASE"));
}

/** In the opposite order of their creation. */
function plannedDrops(entries: readonly TocEntry[]): TocEntry[] {
  const domains = new Set(entries.filter(({ desc }) => desc === "DOMAIN").map(({ dumpId }) => dumpId));
  // A constraint goes with its domain; by itself it cannot be dropped where the domain is missing, IF EXISTS or not.
  const goesWithDomain = (entry: TocEntry): boolean =>
    entry.drop?.startsWith("ALTER DOMAIN ") === true && entry.dependencies.some((id) => domains.has(id));
  const goesWithOther = goesWithTableOrParent(entries);
  return entries
    .toReversed()
    .filter((entry) => entry.drop !== null && entry.drop !== "" && !goesWithDomain(entry) && !goesWithOther(entry));
}

/**
 * Constraints that the server lets nobody drop by themselves, because their tables inherited them: those of partitions
 * (say, of a primary key), and checks. They go with the parent's constraint or with their table, when that is dropped.
 * pg_restore tries to drop them all the same, and counts an error.
 */
function goesWithTableOrParent(entries: readonly TocEntry[]): (entry: TocEntry) => boolean {
  const ids = (of: (desc: string) => boolean) =>
    new Set(entries.filter(({ desc }) => of(desc)).map(({ dumpId }) => dumpId));
  const tables = ids((desc) => desc === "TABLE" || desc === "FOREIGN TABLE");
  const constraints = ids((desc) => desc === "CONSTRAINT");
  const attached = new Set(
    entries
      .filter(({ desc }) => desc === "INDEX ATTACH")
      .flatMap(({ namespace, tag, dependencies }) => dependencies.map((id) => `${id} ${namespace} ${tag}`)),
  );
  const isAttached = ({ dumpId, namespace, tag }: TocEntry): boolean =>
    [...tag.matchAll(/ /g)].some(({ index }) => attached.has(`${dumpId} ${namespace} ${tag.slice(index + 1)}`));
  const isDropped = (id: number): boolean => tables.has(id) || constraints.has(id);
  return (entry) => {
    if (entry.desc === "CHECK CONSTRAINT") return entry.dependencies.some((id) => tables.has(id));
    return entry.desc === "CONSTRAINT" && entry.dependencies.some(isDropped) && isAttached(entry);
  };
}

/** Rows come from the archive and nowhere else: the statement must not name a file or a program. */
function checkCopy(entry: TocEntry): void {
  if (entry.copy === null || entry.copy === "" || /^COPY [^;]* FROM stdin;\n?$/i.test(withoutQuoted(entry.copy)))
    return;
  throw new BackupError({
    code: "DAMAGED",
    message: `entry ${entry.dumpId} of the archive loads its rows with a statement that pg_dump does not write`,
    hint: "restore from another copy of this backup",
  });
}

/** Quoted names may hold anything. */
function withoutQuoted(sql: string): string {
  return sql.replace(/"(?:[^"]|"")*"/g, "q");
}
