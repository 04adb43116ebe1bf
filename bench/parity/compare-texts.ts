import type { Difference } from "./difference.ts";

/** A part of a backup that stands for itself: its first line names it. */
export type Part = string;

const shownLines = 6;

/** Compares parts of the same head, whatever their places; then the places. */
export function compareTexts(native: readonly Part[], tools: readonly Part[], kind: "entry" | "text"): Difference[] {
  const differences: Difference[] = [];
  const theirs = byHead(tools);
  for (const part of native) {
    const list = theirs.get(headOf(part)) ?? [];
    const same = list.indexOf(part);
    if (same >= 0) list.splice(same, 1);
    else differences.push(difference(kind, part, list.shift()));
  }
  for (const list of theirs.values()) for (const part of list) differences.push(difference(kind, undefined, part));
  return differences.length > 0 ? differences : orderOf(native, tools);
}

function byHead(parts: readonly Part[]): Map<string, Part[]> {
  const heads = new Map<string, Part[]>();
  for (const part of parts) {
    const list = heads.get(headOf(part));
    if (list === undefined) heads.set(headOf(part), [part]);
    else list.push(part);
  }
  return heads;
}

/** The first line, which never differs between parts that belong together. */
function headOf(part: Part): string {
  const end = part.indexOf("\n");
  return end < 0 ? part : part.slice(0, end);
}

function difference(kind: Difference["kind"], ours: Part | undefined, theirs: Part | undefined): Difference {
  const object = headOf(ours ?? theirs ?? "");
  if (ours === undefined || theirs === undefined)
    return { kind, object, native: excerpt(ours, 0), tools: excerpt(theirs, 0) };
  const [one, two] = [ours.split("\n"), theirs.split("\n")];
  const at = Math.max(
    0,
    one.findIndex((line, index) => line !== two[index]),
  );
  return { kind, object, native: excerpt(ours, at), tools: excerpt(theirs, at) };
}

function excerpt(part: Part | undefined, from: number): string | null {
  return part === undefined
    ? null
    : part
        .split("\n")
        .slice(from, from + shownLines)
        .join("\n");
}

function orderOf(native: readonly Part[], tools: readonly Part[]): Difference[] {
  const at = native.findIndex((part, index) => headOf(part) !== headOf(tools[index] ?? ""));
  if (at < 0) return [];
  return [{ kind: "order", object: `part ${at + 1}`, native: headOf(native[at]!), tools: headOf(tools[at] ?? "") }];
}
