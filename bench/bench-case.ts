import type { StockMajor } from "../tests/helpers/stock-tools.ts";

/** One thing that is measured, beside a peer that does the same. */
export interface BenchCase {
  readonly name: string;
  readonly work: BenchWork;
  /** Names of the workloads that it is measured on. `rows` stands for those that are asked for with --sets. */
  readonly data: string;
  /** The peer of these majors when none is asked for, each with a server of its own major. */
  readonly majors?: readonly StockMajor[];
  /** The first major whose tools can do this. */
  readonly since?: StockMajor;
  /** Over a network with round trips instead of the loopback device. */
  readonly isFar?: boolean;
  readonly goals: Goals;
}

export type BenchWork =
  /** Arguments of pg_dump, and of `backup single`. */
  | { readonly kind: "dump"; readonly peer: readonly string[]; readonly ours: readonly string[] }
  /** Arguments of pg_restore, and of `restore single`, for an archive that pg_dump wrote with `archive`. */
  | {
      readonly kind: "restore";
      readonly archive: readonly string[];
      readonly peer: readonly string[];
      readonly ours: readonly string[];
    };

export interface Goals {
  /** Ours to the peer's, over TCP. Over the socket it is 1, wherever there is a goal. */
  readonly time?: number;
  readonly size?: number;
  /** Peak of resident memory, and what each object of the database may add to it. */
  readonly memory: "plain" | "compressed";
}

export const MEMORY_GOALS_MIB: Readonly<Record<Goals["memory"], number>> = { plain: 96, compressed: 192 };
export const MEMORY_PER_OBJECT_MIB = 1 / 1024;
