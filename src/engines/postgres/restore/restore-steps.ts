import { restorePass } from "../archive/restore-pass.ts";
import type { SelectedEntry } from "./select/select-entries.ts";

/**
 * Splits entries into steps, to be done one after the other: entries of one step may be restored beside each other, as far
 * as they do not need each other. Definitions and privileges are steps by themselves: who grants what he was granted needs
 * privileges that no dependency tells of.
 * @param entries in the order of the passes
 */
export function* restoreSteps(entries: readonly SelectedEntry[]): Generator<readonly SelectedEntry[]> {
  let beside: SelectedEntry[] = [];
  const known = new Set<number>();
  for (const selected of entries) {
    const { section, dependencies, dumpId } = selected.entry;
    const isSamePass = beside.length > 0 && restorePass(beside[0]!.entry) === restorePass(selected.entry);
    // Comments and labels of indexes and constraints belong to no section: others need not wait for them. Those on what no
    // entry makes wait for all: pg_dump does not say that an inherited constraint comes with the one above.
    const isOfOther = section === "none" && isSamePass && dependencies.some((id) => known.has(id));
    known.add(dumpId);
    const isBeside = section === "data" || section === "post-data" || isOfOther;
    if (beside.length > 0 && !(isBeside && isSamePass)) {
      yield beside;
      beside = [];
    }
    if (isBeside) beside.push(selected);
    else yield [selected];
  }
  if (beside.length > 0) yield beside;
}
