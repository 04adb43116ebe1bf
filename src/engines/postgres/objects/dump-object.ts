import type { CatalogId } from "../archive/toc-entry.ts";
import type { DumpIds } from "./dump-ids.ts";

/**
 * Kinds of database objects in the order in which they are dumped when no dependency says otherwise (pg_dump's order,
 * so that archives read alike). Boundaries keep the three sections apart.
 */
export const objectKinds = [
  "schema",
  "language",
  "collation",
  "transform",
  "extension",
  "type",
  "cast",
  "function",
  "aggregate",
  "access-method",
  "operator",
  "operator-family",
  "conversion",
  "text-search-parser",
  "text-search-template",
  "text-search-dictionary",
  "text-search-configuration",
  "foreign-data-wrapper",
  "foreign-server",
  "table",
  "table-attach",
  "default",
  "pre-data-boundary",
  "table-data",
  "sequence-set",
  "large-object",
  "large-object-data",
  "statistics-data",
  "post-data-boundary",
  "constraint",
  "index",
  "index-attach",
  "statistics",
  "rule",
  "trigger",
  "foreign-key",
  "policy",
  "publication",
  "publication-table",
  "publication-schema",
  "subscription",
  "default-privileges",
  "event-trigger",
  "materialized-view-data",
] as const;

export type ObjectKind = (typeof objectKinds)[number];

/** What of an object goes into the dump. */
export interface DumpParts {
  /** Its CREATE statement (and what hangs on it: owner, comment, settings). */
  readonly definition: boolean;
  /** Its privileges; for members of extensions and system objects only what differs from how they were installed. */
  readonly privileges: boolean;
}

export const allParts: DumpParts = { definition: true, privileges: true };
export const definitionOnly: DumpParts = { definition: true, privileges: false };
export const noParts: DumpParts = { definition: false, privileges: false };

/**
 * One object of the database, as its type's reader made it. Readers return subtypes with more fields. Objects that are not
 * dumped themselves (system types, members of extensions) are registered too when others may depend on them.
 */
export interface DumpObject {
  readonly kind: ObjectKind;
  /** Given by the registry, > 0, unique. */
  readonly dumpId: number;
  readonly catalog: CatalogId;
  /** Unquoted, binary string. */
  readonly name: string;
  /** Unquoted name of its schema, null when it lies in none. */
  readonly schema: string | null;
  readonly parts: DumpParts;
  /** Decides among objects of the same kind, schema and name, in order: argument types, table name, ... */
  readonly tieBreak?: readonly string[];
  /** Dump ids that must come before. Filled from pg_depend and by `link` of the object types. */
  readonly dependencies: DumpIds;
  /**
   * Dump id of the object whose statement prints this one: a view prints its ON SELECT rule, a table its CHECK
   * constraints and defaults. Such an object has no entry of its own unless `separate` is set. The owner must depend on
   * it (`link` adds that edge), so that what it refers to comes first.
   */
  readonly inlineOwner?: number;
  /**
   * Set by the reader for an inline kind that must stand alone (NOT VALID), or by the sorter to break a cycle: the owner
   * leaves it out (a view becomes a dummy view) and it gets an entry of its own after the owner.
   */
  separate?: boolean;
  /**
   * Materialized views and functions: to break a cycle, the sorter may move their definition behind the data, with all
   * that needs them there.
   */
  readonly canBePostponed?: boolean;
  /** Set by the sorter: the definition stands behind the data, in section post-data. */
  postponed?: boolean;
  /** Of kinds that stand in more than one section: the one of this object. */
  readonly section?: "data" | "post-data";
  /** An index (or its constraint) that is attached to the index of a partitioned table. */
  readonly isPartitionIndex?: boolean;
}
