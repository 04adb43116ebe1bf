import type { ColumnKind } from "../../../wire/postgres/column-kind.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import type { Answers, Queries } from "./catalog-queries.ts";
import type { CatalogReader, WantedExtras } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { InsertShape } from "./insert-shape.ts";
import type { ObjectRegistry } from "./object-registry.ts";
import type { StatisticsData } from "./statistics-data.ts";

/**
 * Everything dbbackup knows about one type of database object: how to read it from the catalogues, what it depends on
 * beyond pg_depend, and the entries it becomes. One file per type; `index.ts` lists them in the order they are read.
 */
export interface ObjectType<O extends DumpObject = DumpObject, Name extends string = "rows"> {
  /** For messages: `function`, `large object`. */
  readonly label: string;
  /**
   * The catalogue queries it needs: a fixed number of them, whatever the number of objects. Those of all types are sent
   * before the first answer is read.
   */
  queries?(capabilities: Capabilities): Queries<Name>;
  /**
   * In the place of `queries`: what can be asked only when shared facts and relations are known. The registry holds all
   * relations, without columns. Those of all types are sent at once, too.
   */
  queriesAboutRelations?(reader: CatalogReader): Queries<Name>;
  /**
   * What of `queriesAboutRelations` can be asked about tables of which nothing is known but that they are dumped, so that the server does it
   * while the relations are read. The rows of both are joined; that one leaves out `reader.askedTables`.
   * @param tables an SQL array of OIDs
   */
  queriesAboutTables?(tables: string, capabilities: Capabilities, wanted: WantedExtras): Queries<Name>;
  /** What it asks about relations is asked beside the others, if there is another session: half of what takes long is. */
  readonly isAskedAside?: boolean;
  /**
   * Makes all objects of this type from the answers and registers them with `reader.registry.add`. Types listed before
   * this one are already registered.
   */
  read(reader: CatalogReader, answers: Answers<Name>): readonly O[];
  /** Adds edges that pg_depend does not hold. Called when all types are read and pg_depend is applied. */
  link?(objects: readonly O[], registry: ObjectRegistry): void;
  /**
   * The entries of one object: its own (with `dumpId` of the object), then those that hang on it: comment, privileges.
   * Called in the final order. Objects without any part to dump are not asked.
   */
  entries(object: O, context: EntryContext): readonly PlannedEntry[];
}

/** Any object type, whatever it asks. */
export type AnyObjectType = ObjectType<DumpObject, string>;

/** An entry with the place its data comes from. `dependencies` of an object's own entry are filled by the planner. */
export interface PlannedEntry extends TocEntry {
  /** Filled by the planner. */
  dependencies: readonly number[];
  readonly data?: DataSource;
  /** Whose statistics it restores: its definition is read when it is written. */
  readonly statisticsOf?: StatisticsData;
}

export type DataSource =
  | {
      readonly kind: "copy";
      /** `COPY schema.table (columns) TO stdout` (or `COPY (SELECT ...) TO stdout`). */
      readonly sql: string;
      /** Set when that COPY, and those of `ranges`, are in binary format: how their columns come. */
      readonly binary?: readonly ColumnKind[];
      /** For people and metadata: unquoted schema and name. */
      readonly schema: string;
      readonly table: string;
      /** From pg_class: pages * 8192 including TOAST, and reltuples; 0 when unknown. */
      readonly estimatedBytes: number;
      readonly estimatedRows: number;
      /** Of tables that can be read by ranges of their pages. */
      readonly ranges?: PageRanges;
      /** The same of every table that is dumped with all its rows, and is no foreign table. */
      readonly whole?: PageRanges;
      /** Written as INSERT statements. */
      readonly insert?: InsertShape;
    }
  | { readonly kind: "large-objects"; readonly oids: readonly number[] };

/** A table that keeps its rows in pages in the order of their `ctid`. */
export interface PageRanges {
  readonly oid: number;
  /** As a LOCK statement names it. */
  readonly name: string;
  /** `SELECT columns FROM ONLY schema.table`: the same rows and values as the COPY, to be followed by WHERE. */
  readonly select: string;
}
