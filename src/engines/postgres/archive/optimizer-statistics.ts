import type { TocEntry } from "./toc-entry.ts";

/** The first major version with `pg_restore_relation_stats` and its like. */
const firstTaker = 18;

/** Whether the entry tells a server what the optimizer of another one knew. */
export function isStatistics(entry: TocEntry): boolean {
  return entry.desc === "STATISTICS DATA";
}

/** The same for a statement of a script. */
export function isStatisticsCall(sql: string): boolean {
  return /^SELECT \* FROM pg_catalog\.pg_restore_(?:relation|attribute)_stats\(/.test(sql);
}

/** Whether a server can be told. */
export function takesStatistics(serverMajor: number): boolean {
  return serverMajor >= firstTaker;
}
