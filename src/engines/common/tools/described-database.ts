import type { DumpResult, NotIncluded } from "../../../ports/dump.ts";

/** What is known of a database beside its dump, which somebody else writes. */
export interface DescribedDatabase {
  /** Character set of the database. */
  readonly encoding: string;
  /** Tables whose rows a dump holds. */
  readonly tables: readonly string[];
  /** Those of them that no snapshot holds. */
  readonly unprotected: readonly string[];
  /** Tables, views and sequences. */
  readonly entries: NonNullable<DumpResult["entries"]>;
  readonly notIncluded: readonly NotIncluded[];
}
