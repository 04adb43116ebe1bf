import { matchesName } from "./name-pattern.ts";

/** What is asked of backups to be shown. Times are milliseconds since 1970. */
export interface BackupsWish {
  /** Patterns of names of databases: one must match. */
  readonly databases?: readonly string[];
  /** `backup_type` */
  readonly kind?: string;
  readonly since?: number;
  readonly before?: number;
  readonly sort: "time" | "size" | "duration" | "database";
  readonly reverse: boolean;
  readonly limit?: number;
}

interface Choosable {
  readonly database: string;
  /** `backup_type` */
  readonly type: string;
  readonly time: number;
  readonly sizeBytes: number;
  readonly durationSeconds: number | undefined;
}

/**
 * Those that are wished for, in the order that is. Of an order by time the limit leaves the newest, of others the first ones. Pure.
 * @param backups oldest first
 */
export function chooseBackups<T extends Choosable>(backups: readonly T[], wish: BackupsWish): readonly T[] {
  const { databases, kind, since, before, sort, reverse, limit } = wish;
  const isWanted = ({ database, type, time }: T): boolean =>
    (databases?.some((pattern) => matchesName(pattern, database)) ?? true) &&
    (kind === undefined || type === kind) &&
    (since === undefined || time >= since) &&
    (before === undefined || time <= before);
  const wanted = backups.filter(isWanted);
  if (sort === "time") {
    const newest = wanted.slice(limit === undefined ? 0 : Math.max(0, wanted.length - limit));
    return reverse ? newest.toReversed() : newest;
  }
  const ordered = wanted.toSorted(orders[sort]);
  return (reverse ? ordered.toReversed() : ordered).slice(0, limit);
}

/** Sorting is stable: what is alike stays in the order of time. */
const orders: Readonly<Record<Exclude<BackupsWish["sort"], "time">, (a: Choosable, b: Choosable) => number>> = {
  size: (a, b) => b.sizeBytes - a.sizeBytes,
  duration: (a, b) => (b.durationSeconds ?? 0) - (a.durationSeconds ?? 0),
  database: (a, b) => (a.database < b.database ? -1 : a.database > b.database ? 1 : 0),
};
