import type { Capabilities } from "../capabilities.ts";
import type { Descriptions } from "./descriptions.ts";
import type { InsertStyle } from "./insert-shape.ts";
import type { ObjectRegistry } from "./object-registry.ts";
import type { ObjectSelection } from "./object-selection.ts";

/** A row of a catalogue query by column name. All values are binary strings as the server printed them, or null. */
export type Row = Readonly<Record<string, string | null>>;

/** What readers of object types work with. */
export interface CatalogReader {
  readonly capabilities: Capabilities;
  readonly registry: ObjectRegistry;
  /** What of the objects the dump takes. */
  readonly wanted: WantedExtras;
  /** Which objects are dumped. */
  readonly selection: ObjectSelection;
  /** OIDs of tables that were asked about before the relations were known. */
  readonly askedTables: ReadonlySet<number>;
  readonly descriptions: Descriptions;
  /** Facts that nearly every type needs, read once at the start. */
  readonly shared: SharedFacts;
}

export interface WantedExtras {
  /** Optimizer statistics of tables, materialized views and indexes. */
  readonly statistics: boolean;
  /** False: rows are loaded into tables that have their foreign keys. */
  readonly definitions: boolean;
  /** Rows, values of sequences, large objects. */
  readonly data: boolean;
  /** Values of sequences. */
  readonly sequenceData: boolean;
  readonly unloggedData: boolean;
  /** Rows of partitions are loaded through the root of their tree. */
  readonly loadViaRoot: boolean;
  /** Rows as INSERT statements instead of COPY. */
  readonly inserts: InsertStyle | undefined;
  /** How columns compress what is large. */
  readonly toastCompression: boolean;
}

export interface SharedFacts {
  /** Database's own row. */
  readonly database: { readonly oid: number; readonly name: string; readonly owner: string };
  /** Whether this session may read everything. */
  readonly isSuperuser: boolean;
  /** A standby: what is unlogged has no rows there that could be read. */
  readonly inRecovery: boolean;
  /** Role name by OID; a dangling OID is answered as its number in text. */
  roleName(oid: number): string;
  /** Name of the extension that the object is a member of (pg_depend deptype e), with the extension's OID. */
  extensionOf(catalogTable: number, oid: number): { readonly oid: number; readonly name: string } | undefined;
  /** Names of the extensions that the object was made to depend on by ALTER ... DEPENDS ON EXTENSION. */
  extensionsOf(catalogTable: number, oid: number): readonly string[];
  /**
   * Tables and sequences of extensions that hold data of the user (`pg_extension_config_dump`), by OID, with the
   * condition that picks the user's rows; empty for all of them.
   */
  readonly configurationTables: ReadonlyMap<number, string>;
  /** `aclitem[]` text of pg_init_privs for the object (and column number), if there is one. */
  initialPrivileges(catalogTable: number, oid: number, subId?: number): string | undefined;
}

/** OIDs of the system catalogues, the same in every version. */
export const Catalog = {
  pg_type: 1247,
  pg_proc: 1255,
  pg_class: 1259,
  pg_database: 1262,
  pg_am: 2601,
  pg_attrdef: 2604,
  pg_constraint: 2606,
  pg_language: 2612,
  pg_largeobject: 2613,
  pg_namespace: 2615,
  pg_opclass: 2616,
  pg_operator: 2617,
  pg_rewrite: 2618,
  pg_trigger: 2620,
  pg_opfamily: 2753,
  pg_largeobject_metadata: 2995,
  pg_extension: 3079,
  pg_policy: 3256,
  pg_collation: 3456,
  pg_subscription: 6100,
  pg_publication: 6104,
} as const;

/** OIDs below this belong to the system as initdb made it (FirstNormalObjectId). */
export const firstNormalOid = 16384;
