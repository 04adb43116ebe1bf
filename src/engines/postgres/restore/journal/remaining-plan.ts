import { BackupError } from "../../../../core/backup-error.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";
import { isLoadViaRoot } from "../../archive/wanted-parts.ts";
import type { ArchivePlan } from "../archive-plan.ts";
import type { RestoreJournal } from "./restore-journal.ts";

type Notes = Pick<RestoreJournal, "isDone" | "isDropped">;

/** What of a plan is left to do. `selected` stays whole: it tells what belongs together. */
export function remainingPlan(plan: ArchivePlan, journal: Notes): ArchivePlan {
  return {
    ...plan,
    drops: plan.drops.filter(({ dumpId }) => !journal.isDropped(dumpId)),
    entries: plan.entries.filter(({ entry }) => !journal.isDone(entry.dumpId)),
  };
}

/** Types of entries that would meddle with rows that come a second time. */
const meddling: ReadonlySet<string> = new Set(["TRIGGER", "FK CONSTRAINT"]);

/**
 * Entries whose rows or values a crash of the server took away: those of tables and sequences that are not logged.
 * @param isUnlogged by schema and name
 * @throws BackupError PRECHECK when rows would not come back as they were
 */
export function emptiedEntries(
  plan: ArchivePlan,
  journal: Notes,
  isUnlogged: (entry: TocEntry) => boolean,
): TocEntry[] {
  const done = plan.entries.map(({ entry }) => entry).filter(({ dumpId }) => journal.isDone(dumpId));
  const emptied = done.filter((entry) => /^(TABLE DATA|SEQUENCE SET)$/.test(entry.desc) && isUnlogged(entry));
  const tables = new Set(
    emptied.filter(({ desc }) => desc === "TABLE DATA").flatMap(({ dependencies }) => dependencies),
  );
  const inTheWay = done.find(
    (entry) =>
      (meddling.has(entry.desc) && entry.dependencies.some((id) => tables.has(id))) ||
      (emptied.length > 0 && isLoadViaRoot(entry)),
  );
  if (inTheWay === undefined) return emptied;
  throw new BackupError({
    code: "PRECHECK",
    message:
      "the server has crashed and emptied unlogged tables, whose triggers, foreign keys or partitions leave no way to fill them again",
    hint: "drop the database and restore anew",
  });
}
