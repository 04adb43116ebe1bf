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
    entries: inRestoreOrder(selected, ({ entry }) => entry),
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
  return entries.toReversed().filter((entry) => entry.drop !== null && entry.drop !== "" && !goesWithDomain(entry));
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
