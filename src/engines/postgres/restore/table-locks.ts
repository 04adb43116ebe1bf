/** How an entry under way locks a table, by the names of the server's lock modes. */
export type LockMode =
  | "row-share"
  | "row-exclusive"
  | "share-update-exclusive"
  | "share"
  | "share-row-exclusive"
  | "access-exclusive";

/** Tables by dump id. */
export type TableLocks = ReadonlyMap<number, LockMode>;

/** Which modes wait for each other: table 13.2 of PostgreSQL's manual ("Conflicting Lock Modes"). */
const conflicts: Readonly<Record<LockMode, ReadonlySet<LockMode>>> = {
  "row-share": new Set(["access-exclusive"]),
  "row-exclusive": new Set(["share", "share-row-exclusive", "access-exclusive"]),
  "share-update-exclusive": new Set(["share-update-exclusive", "share", "share-row-exclusive", "access-exclusive"]),
  share: new Set(["row-exclusive", "share-update-exclusive", "share-row-exclusive", "access-exclusive"]),
  "share-row-exclusive": new Set([
    "row-exclusive",
    "share-update-exclusive",
    "share",
    "share-row-exclusive",
    "access-exclusive",
  ]),
  "access-exclusive": new Set([
    "row-share",
    "row-exclusive",
    "share-update-exclusive",
    "share",
    "share-row-exclusive",
    "access-exclusive",
  ]),
};

/** Whether one of two entries would wait for the other. */
export function doConflict(a: TableLocks, b: TableLocks): boolean {
  for (const [table, mode] of a) {
    const other = b.get(table);
    if (other !== undefined && conflicts[mode].has(other)) return true;
  }
  return false;
}
