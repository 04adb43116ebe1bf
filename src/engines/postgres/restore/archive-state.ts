import type { TocEntry } from "../archive/toc-entry.ts";
import type { SharedLoad } from "./shared-load.ts";

/** What the sessions of a restore have done together. */
export class ArchiveState {
  done = 0;
  largeObjects = 0;
  /** Tables that could not be created: their rows must not be added to a table that was there before. */
  readonly failedTables = new Set<number>();
  /** Tables that are as the backup defines them, without indexes and triggers. */
  readonly createdTables = new Set<number>();
  /** Rows that come a second time, after a crash took them away: their tables may have indexes already. */
  readonly emptied: ReadonlySet<number>;
  /** Loads that sessions without work may join. */
  readonly sharedLoads = new Map<SharedLoad, TocEntry>();
  /** Called when there is one more. */
  onSharedLoad: () => void = () => undefined;

  constructor(emptied: ReadonlySet<number> = new Set()) {
    this.emptied = emptied;
  }
}
