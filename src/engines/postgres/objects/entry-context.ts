import type { CatalogId } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import type { SharedFacts } from "./catalog-reader.ts";
import type { ObjectRegistry } from "./object-registry.ts";
import type { SecurityLabel } from "./security-label-entry.ts";

/** What `entries` of an object type may ask. */
export interface EntryContext {
  readonly capabilities: Capabilities;
  readonly registry: ObjectRegistry;
  readonly shared: SharedFacts;
  /** Whether the object or one of its columns has a comment or a security label: of most, nothing more need be asked. */
  isDescribed(catalog: CatalogId): boolean;
  /** Text of `pg_description` for the object, or of one of its columns by number. */
  commentOn(catalog: CatalogId, subId?: number): string | undefined;
  /** Numbers of the columns (sub-ids > 0) that have a comment, ascending. */
  commentedColumns(catalog: CatalogId): readonly number[];
  /** Rows of pg_seclabel about the object and its columns, the object first. */
  securityLabelsOn(catalog: CatalogId): readonly SecurityLabel[];
}
