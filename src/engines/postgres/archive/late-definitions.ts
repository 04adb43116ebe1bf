import type { TocEntry } from "./toc-entry.ts";

/** Definitions that are too many or too large to be held together: they are read when their entries are written. */
export interface LateDefinitions {
  /** Whether the definition of this entry comes late; `entry.definition` is null then. */
  has(entry: TocEntry): boolean;
  /**
   * Begins to read the definitions of these entries. Ask the answer for each of them, in this order.
   * @param order entries whose definition comes late
   */
  read(order: readonly TocEntry[]): (entry: TocEntry) => Promise<string>;
}

/** Gives an entry with its definition. */
export type CompleteEntry = (entry: TocEntry) => TocEntry | Promise<TocEntry>;

/** @param order all entries, in the order in which they will be asked for */
export function entryCompleter(order: readonly TocEntry[], late: LateDefinitions | undefined): CompleteEntry {
  if (late === undefined) return (entry) => entry;
  const lacking = order.filter((entry) => late.has(entry));
  if (lacking.length === 0) return (entry) => entry;
  const read = late.read(lacking);
  return async (entry) => (late.has(entry) ? { ...entry, definition: await read(entry) } : entry);
}
