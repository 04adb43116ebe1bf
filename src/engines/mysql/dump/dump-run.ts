import type { DumpedTable, DumpResult } from "../../../ports/dump.ts";
import type { DumpShape } from "../../../ports/dump-shape.ts";
import type { MysqlDumpOptions } from "../../../ports/mysql-dump.ts";
import type { DirectoryKind } from "../directory/directory-schema.ts";
import type { Relation } from "../objects/read-relations.ts";
import { type ChosenSample, estimatedBytes } from "../sample/choose-sample.ts";
import type { DatabaseDefaults } from "./database-defaults.ts";
import type { DumpTelling } from "./dump-telling.ts";
import type { WaitForServer } from "./server-wait.ts";
import type { Snapshot } from "./snapshot/take-snapshot.ts";
import { holdsRows } from "./table-rows.ts";
import type { MysqlSource } from "./with-source.ts";

/** A dump under way: what is dumped, of which state, and how. */
export interface DumpRun {
  readonly source: MysqlSource;
  readonly database: string;
  readonly defaults: DatabaseDefaults;
  /** Its first session reads everything but rows, its others help with those. */
  readonly snapshot: Snapshot;
  /** What was chosen, by name. */
  readonly relations: readonly Relation[];
  readonly shape: DumpShape;
  readonly options: MysqlDumpOptions;
  /** Only these rows; undefined: all. */
  readonly sample?: ChosenSample | undefined;
  readonly telling: DumpTelling;
  /** Name and version of this program. */
  readonly dumperVersion: string;
  /** Missing: what this process finds. */
  readonly serverWait?: WaitForServer | undefined;
}

/** What was written of a database. */
export interface DumpedDatabase extends Pick<DumpResult, "entries" | "notIncluded"> {
  readonly tables: readonly DumpedTable[];
}

export function wantsSchema({ shape }: DumpRun): boolean {
  return !shape.dataOnly && !shape.noSchema;
}

/** Whether the rows of a table are to be in the backup. */
export function wantsRows({ shape, options }: DumpRun, table: Relation): boolean {
  return !shape.schemaOnly && !shape.noData && holdsRows(table) && !options.ignoredData.includes(table.name);
}

/** Tables as progress tells of them: with what of them is dumped, as far as that is known. */
export function expectedTables({ sample }: DumpRun, tables: readonly Relation[]): Relation[] {
  return tables.filter(holdsRows).map((table) => {
    const sampled = sample?.get(table.name);
    if (sampled === undefined) return table;
    return { ...table, rows: sampled.count, bytes: estimatedBytes(sampled) };
  });
}

/** How many objects of each kind there are, for the metadata. */
export function countedEntries(kinds: readonly DirectoryKind[]): { readonly type: string; readonly count: number }[] {
  return [...Map.groupBy(kinds, (kind) => kind)].map(([type, all]) => ({ type, count: all.length }));
}
