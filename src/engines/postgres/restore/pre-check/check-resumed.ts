import type { Finding } from "../../../../ports/restore.ts";
import type { ArchivePlan } from "../archive-plan.ts";
import type { BlockSource } from "../block-source.ts";
import { type CheckedPlan, listed } from "./check-archive.ts";
import { createdRelations } from "./check-target.ts";
import type { TargetContent } from "./target-facts.ts";

/** What is checked when a part of a plan is done: the rest of it, and the room that the rest takes. */
export function checkedRest(checked: CheckedPlan, left: ArchivePlan, blocks: BlockSource): CheckedPlan {
  const stored = ({ entries }: ArchivePlan): number =>
    entries.reduce((sum, { entry }) => sum + blocks.storedBytes(entry.dumpId), 0);
  const share = stored(left) / Math.max(stored(checked.plan), 1);
  const { plainBytes } = checked.request;
  return {
    ...checked,
    plan: left,
    storedBytes: Math.ceil(checked.storedBytes * share),
    request: {
      ...checked.request,
      ...(plainBytes === undefined ? {} : { plainBytes: Math.ceil(plainBytes * share) }),
    },
  };
}

/**
 * Whether the target is as the interrupted restore left it, as far as its tables, views and sequences tell. Changed rows
 * are not noticed.
 */
export function checkResumed(
  target: string,
  { plan: left, request, decode }: CheckedPlan,
  whole: ArchivePlan,
  { relations }: TargetContent,
): Finding[] {
  const solution = "undo that, or restore anew into another database";
  const findings: Finding[] = [];
  const tell = (names: readonly string[], what: string): void => {
    if (names.length === 0) return;
    const message = `database "${target}" was changed since the restore was interrupted: ${listed(names)} ${what}`;
    findings.push({ code: "target-changed", severity: "error", message, solution });
  };
  const created = createdRelations(left, decode);
  const isLeft = new Set(created);
  const gone = createdRelations(whole, decode).filter((name) => !isLeft.has(name) && !relations.has(name));
  tell(gone, "had been restored, and is gone");
  // Until all is dropped, what is created anew is still there.
  if (!request.clean)
    tell(
      created.filter((name) => relations.has(name)),
      "was not restored yet, and is there",
    );
  return findings;
}
