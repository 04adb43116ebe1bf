import type { CatalogId } from "../archive/toc-entry.ts";

/**
 * Kinds of database objects in the order in which they are dumped when no dependency says otherwise (pg_dump's order,
 * so that archives read alike). Boundaries keep the three sections apart.
 */
export const objectKinds = [
  "schema",
  "extension",
  "type",
  "function",
  "aggregate",
  "table",
  "table-attach",
  "default",
  "pre-data-boundary",
  "table-data",
  "sequence-set",
  "large-object",
  "large-object-data",
  "post-data-boundary",
  "constraint",
  "index",
  "index-attach",
  "rule",
  "trigger",
  "foreign-key",
  "policy",
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
  /** Dump ids that must come before. Filled by the registry from pg_depend and by `link` of the object types. */
  readonly dependencies: Set<number>;
}
