import type { CatalogId } from "../../archive/toc-entry.ts";
import { Catalog, type CatalogReader } from "../catalog-reader.ts";
import type { CheckConstraint } from "../check-constraint.ts";
import type { ColumnDefault } from "../column-default.ts";
import type { DumpObject, DumpParts } from "../dump-object.ts";
import type { IndexObject } from "../index-object.ts";
import type { ObjectRegistry } from "../object-registry.ts";
import type { ColumnPrivileges } from "../privilege-entries.ts";
import type { RewriteRule } from "../rule.ts";

/** `pg_class.relkind`: table, partitioned table, foreign table, view, materialized view, sequence. */
export type RelationKind = "r" | "p" | "f" | "v" | "m" | "S";

/** A relation: table, view, materialized view or sequence, with everything its statement needs. */
export interface Relation extends DumpObject {
  readonly kind: "table";
  readonly schema: string;
  readonly relkind: RelationKind;
  readonly owner: string;
  /** Of a sequence: with those of the table that it belongs to. */
  parts: DumpParts;
  /** `pg_class.relpersistence`: permanent or unlogged. */
  readonly persistence: string;
  /** Name of its tablespace; `""` is the database's default. */
  readonly tablespace: string;
  /** Tables, partitioned tables and materialized views only. */
  readonly accessMethod: string | null;
  /** Storage parameters `name=value`, without a view's check option. */
  readonly options: readonly string[];
  readonly toastOptions: readonly string[];
  /** `LOCAL` or `CASCADED` of a view. */
  readonly checkOption: string | null;
  /** Type of a typed table, as format_type prints it. */
  readonly ofType: string | null;
  readonly partitionKey: string | null;
  /** `FOR VALUES ...` or `DEFAULT` of a partition, else null. */
  readonly partitionBound: string | null;
  /** `pg_class.relreplident`: d, n, f, i. */
  readonly replicaIdentity: string;
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  /** Of a materialized view; false also when one that it reads from is not populated. */
  populated: boolean;
  /** Size in pages with its TOAST table, and rows, as the planner knows them; 0 when unknown. */
  readonly pages: number;
  readonly estimatedRows: number;
  /** `relacl`, and what null means for it. */
  readonly privileges: string | null;
  readonly defaultPrivileges: string;
  columnPrivileges: readonly ColumnPrivileges[];
  /** Column that a sequence belongs to: serial (or OWNED BY) and identity columns. */
  readonly ownedBy: SequenceOwner | null;
  /** Of a sequence: whether this session may read its value. */
  readonly isSelectable: boolean;
  /** Of a foreign table. */
  readonly foreign: ForeignTable | null;
  /** Extensions named in ALTER ... DEPENDS ON EXTENSION. */
  readonly dependsOnExtensions: readonly string[];

  /** In order of their numbers, without dropped ones. */
  columns: readonly Column[];
  /** Tables it inherits from, or the one it is a partition of, in order. */
  parents: readonly Relation[];
  /** CHECK constraints in order of their names. */
  checks: readonly CheckConstraint[];
  indexes: readonly IndexObject[];
  /** ON SELECT rule of a view. */
  rule?: RewriteRule;
  /** SELECT of a view, without the final semicolon. */
  query?: string;
  sequence: SequenceSettings | undefined;
}

export interface ForeignTable {
  readonly server: string;
  /** ` OPTIONS (...)`, or empty. */
  readonly options: string;
}

export interface SequenceOwner {
  readonly table: number;
  readonly column: number;
  readonly identity: boolean;
}

/** Columns of pg_sequence, in text: 64-bit numbers do not fit in ours. */
export interface SequenceSettings {
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycle: boolean;
}

export interface Column {
  readonly number: number;
  readonly name: string;
  /** As format_type prints it. */
  readonly type: string;
  /** OID of its type's output function, which a domain has from its base type; 0 when unknown. */
  readonly output: number;
  /** Qualified and quoted; null when it is that of the type. */
  readonly collation: string | null;
  readonly isLocal: boolean;
  /** `a` always, `d` by default, else empty. */
  readonly identity: string;
  /** `s` stored, `v` virtual, else empty. */
  readonly generated: string;
  /** Null is the default. */
  readonly statisticsTarget: number | null;
  /** PLAIN, EXTERNAL, ...; null when it is that of the type. */
  readonly storage: string | null;
  readonly compression: string | null;
  /** `n_distinct=5, ...`, may be empty. */
  readonly options: string;
  /** ` OPTIONS (...)` for the foreign-data wrapper of a foreign table, or empty. */
  readonly foreignOptions: string;
  readonly notNull: NotNull | undefined;
  default: ColumnDefault | undefined;
}

export interface NotNull {
  /** Written as CONSTRAINT name; null when the name is what the server would choose, or there are no names. */
  readonly name: string | null;
  readonly noInherit: boolean;
  /** Whether this table states it, rather than inheriting it only. */
  isLocal: boolean;
  /** Its row in pg_constraint where there is one, for its comment. */
  readonly catalog: CatalogId | null;
}

/** Servers before 18 keep NOT NULL as a property of the column, without a constraint of its own. */
export function isWithoutRow(notNull: NotNull): boolean {
  return notNull.catalog === null;
}

export function relationAt(registry: ObjectRegistry, oid: number): Relation | undefined {
  const object = registry.find({ table: Catalog.pg_class, oid });
  return object?.kind === "table" ? (object as Relation) : undefined;
}

export function allRelations(registry: ObjectRegistry): readonly Relation[] {
  return registry.ofKind("table") as readonly Relation[];
}

/**
 * All that is dumped or whose rows may be, and its parents; but no sequences, whose columns are always the same, and not
 * what of pg_catalog is here for its privileges.
 */
export function relationsWithColumns({ registry, shared }: CatalogReader): Relation[] {
  return withParents(
    allRelations(registry).filter(
      ({ schema, relkind, parts, catalog }) =>
        relkind !== "S" &&
        schema !== "pg_catalog" &&
        (parts.definition || parts.privileges || shared.configurationTables.has(catalog.oid)),
    ),
  );
}

/** Those of which nothing was asked before they were known. */
export function notAskedYet({ askedTables }: CatalogReader, relations: readonly Relation[]): readonly Relation[] {
  return askedTables.size === 0 ? relations : relations.filter(({ catalog }) => !askedTables.has(catalog.oid));
}

function withParents(relations: Relation[]): Relation[] {
  const parents = relations.flatMap((relation) => relation.parents);
  return parents.length === 0 ? relations : [...new Set([...relations, ...parents])];
}

/** `TABLE` or `FOREIGN TABLE`: what ALTER calls everything that is no view or sequence. */
export function tableWord(relation: Relation): string {
  return relation.foreign === null ? "TABLE" : "FOREIGN TABLE";
}

/** Tables and partitioned tables whose definition is dumped: those whose indexes, triggers, ... are asked for. */
export function dumpedTables(registry: ObjectRegistry, kinds = "rp"): Relation[] {
  return allRelations(registry).filter((relation) => relation.parts.definition && kinds.includes(relation.relkind));
}

/**
 * Those whose indexes are read: what is dumped, and the parents that it is attached to. Indexes of partitions are attached
 * to those of their parents, whether these are dumped or not.
 */
export function indexedTables(registry: ObjectRegistry): Relation[] {
  return withParents(dumpedTables(registry, "rpm"));
}

/** Whether the rows of a table, or the value of a sequence, are there to be read. */
export function isReadable(relation: Relation, inRecovery: boolean): boolean {
  return relation.persistence !== "u" || !inRecovery;
}

/** Whether a table's own statement lists the column, rather than its parents'. */
export function isPrinted(relation: Relation, column: Column): boolean {
  return column.isLocal || relation.partitionBound !== null;
}

export function columnAt(relation: Relation, number: number): Column {
  const column = relation.columns.find((candidate) => candidate.number === number);
  if (column === undefined) {
    throw new Error(`relation "${relation.schema}.${relation.name}" has no column number ${number}`);
  }
  return column;
}

/** Those of users, dumped or not. */
export function usersRelations({ registry, shared }: CatalogReader, kinds: string): Relation[] {
  return allRelations(registry).filter(
    ({ schema, relkind, catalog }) =>
      schema !== "pg_catalog" &&
      kinds.includes(relkind) &&
      shared.extensionOf(Catalog.pg_class, catalog.oid) === undefined,
  );
}

/** An SQL array of the OIDs of objects, to join catalogues with. */
export function oidArray(objects: readonly { readonly catalog: CatalogId }[]): string {
  return `'{${objects.map((object) => object.catalog.oid).join(",")}}'::pg_catalog.oid[]`;
}
