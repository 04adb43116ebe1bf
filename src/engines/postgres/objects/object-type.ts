import type { TocEntry } from "../archive/toc-entry.ts";
import type { CatalogReader } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { ObjectRegistry } from "./object-registry.ts";

/**
 * Everything dbbackup knows about one type of database object: how to read it from the catalogues, what it depends on
 * beyond pg_depend, and the entries it becomes. One file per type; `index.ts` lists them in the order they are read.
 */
export interface ObjectType<O extends DumpObject = DumpObject> {
  /** For messages: `function`, `large object`. */
  readonly label: string;
  /**
   * Reads all objects of this type with a fixed number of queries, whatever their number, and registers them with
   * `reader.registry.add`. Types listed before this one are already registered.
   */
  read(reader: CatalogReader): Promise<readonly O[]>;
  /** Adds edges that pg_depend does not hold. Called when all types are read and pg_depend is applied. */
  link?(objects: readonly O[], registry: ObjectRegistry): void;
  /**
   * The entries of one object: its own (with `dumpId` of the object), then those that hang on it: comment, privileges.
   * Called in the final order. Objects without any part to dump are not asked.
   */
  entries(object: O, context: EntryContext): readonly PlannedEntry[];
}

/** An entry with the place its data comes from. `dependencies` of an object's own entry are filled by the planner. */
export interface PlannedEntry extends TocEntry {
  readonly data?: DataSource;
}

export type DataSource =
  | {
      readonly kind: "copy";
      /** `COPY schema.table (columns) TO stdout` (or `COPY (SELECT ...) TO stdout`). */
      readonly sql: string;
      /** For people and metadata: unquoted schema and name. */
      readonly schema: string;
      readonly table: string;
      /** From pg_class: pages * 8192 including TOAST, and reltuples; 0 when unknown. */
      readonly estimatedBytes: number;
      readonly estimatedRows: number;
    }
  | { readonly kind: "large-objects"; readonly oids: readonly number[] };
