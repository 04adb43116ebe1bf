import type { Capabilities } from "../../capabilities.ts";
import { textArray } from "../../sql/pg-array.ts";
import { Catalog, type CatalogReader, firstNormalOid, type Row } from "../catalog-reader.ts";
import { DumpIds } from "../dump-ids.ts";
import { type DumpParts, noParts } from "../dump-object.ts";
import { partsOfMember } from "../dump-parts.ts";
import { optionsClause } from "../foreign-data/options.ts";
import { unregistered } from "../object-registry.ts";
import { type Relation, type RelationKind, relationAt, type SequenceOwner } from "./relation.ts";

/**
 * Registers tables, foreign tables, views, materialized views and sequences of user schemas, and what of pg_catalog
 * has privileges that initdb did not give. Columns and definitions are filled in by others.
 * @param rows of pg_class: what {@link relationQuery} answered.
 */
export function readRelations(reader: CatalogReader, rows: readonly Row[]): Relation[] {
  const relations = rows.map((row) => {
    const relation = reader.registry.add<Relation>(relationOf(reader, row));
    // What refers to rows of the table refers to the table. So do arrays of them, which come with the type.
    if (row.reltype && row.reltype !== "0") {
      reader.registry.alias({ table: Catalog.pg_type, oid: Number(row.reltype) }, relation);
    }
    return relation;
  });
  // The sequence of a serial column has a lower OID than its table.
  for (const relation of relations) if (relation.ownedBy !== null) goWithTable(reader, relation, relation.ownedBy);
  return relations;
}

/** One for all that have nothing: most of tens of thousands of relations have no parents and checks, sequences nothing of all this. */
const none: readonly never[] = [];

function partsOf(reader: CatalogReader, oid: number, schema: string): DumpParts {
  return partsOfMember(reader, Catalog.pg_class, oid) ?? reader.selection.relation(oid, schema);
}

/** A sequence goes with the table that it belongs to, which may lie in another schema. */
function goWithTable(reader: CatalogReader, sequence: Relation, { table, identity }: SequenceOwner): void {
  const owner = relationAt(reader.registry, table);
  // One of a schema that is not read, as those of temporary tables: nor is its sequence.
  if (owner === undefined) return;
  if (identity && !owner.parts.definition && !owner.parts.privileges) sequence.parts = noParts;
  else if (owner.parts !== sequence.parts) {
    sequence.parts = {
      definition: sequence.parts.definition || owner.parts.definition,
      privileges: sequence.parts.privileges || owner.parts.privileges,
    };
  }
}

function relationOf(reader: CatalogReader, row: Row): Relation {
  const oid = Number(row.oid);
  const options = textArray(row.reloptions);
  const checkOption = options.find((option) => option.startsWith("check_option="));
  return {
    dumpId: unregistered,
    dependencies: new DumpIds(),
    kind: "table",
    catalog: { table: Catalog.pg_class, oid },
    name: row.relname!,
    schema: row.nspname!,
    canBePostponed: row.relkind === "m",
    relkind: row.relkind as RelationKind,
    persistence: row.relpersistence!,
    tablespace: row.spcname ?? "",
    accessMethod: row.amname ?? null,
    options: checkOption === undefined ? options : options.filter((option) => option !== checkOption),
    toastOptions: textArray(row.toastoptions),
    checkOption: checkOption?.slice("check_option=".length).toUpperCase() ?? null,
    ofType: row.oftype ?? null,
    partitionKey: row.partkey ?? null,
    partitionBound: row.partbound ?? null,
    replicaIdentity: row.relreplident!,
    rowSecurity: row.relrowsecurity === "t",
    forceRowSecurity: row.relforcerowsecurity === "t",
    populated: row.relispopulated === "t",
    pages: Number(row.pages),
    estimatedRows: Math.max(0, Number(row.reltuples)),
    privileges: row.relacl ?? null,
    defaultPrivileges: row.defaultacl!,
    ownedBy: sequenceOwner(row),
    isSelectable: row.selectable === "t",
    foreign: row.srvname === null ? null : { server: row.srvname!, options: optionsClause(row.ftoptions!) },
    columns: none,
    parents: none,
    checks: none,
    indexes: none,
    owner: reader.shared.roleName(Number(row.relowner)),
    parts: partsOf(reader, oid, row.nspname!),
    columnPrivileges: none,
    dependsOnExtensions: reader.shared.extensionsOf(Catalog.pg_class, oid),
    sequence: undefined,
  };
}

function sequenceOwner(row: Row): SequenceOwner | null {
  if (row.ownertable === null) return null;
  return { table: Number(row.ownertable), column: Number(row.ownercolumn), identity: row.ownertype === "i" };
}

/** `pg_am` row of nearly all tables, the same in every version. */
const heapOid = 2;

export function relationQuery(capabilities: Capabilities): string {
  const accessMethod = capabilities.tableAccessMethods
    ? `CASE WHEN c.relkind NOT IN ('r','p','m') THEN NULL WHEN c.relam = ${heapOid} THEN 'heap'
        ELSE (SELECT am.amname FROM pg_catalog.pg_am am WHERE am.oid = c.relam) END`
    : "NULL";
  return `
    SELECT c.oid, c.relname, n.nspname, c.relkind, c.relowner, c.relpersistence, c.reltype, c.relreplident,
      c.relrowsecurity, c.relforcerowsecurity, c.relispopulated, c.reltuples, c.relacl, c.reloptions,
      pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner) AS defaultacl,
      c.relpages + COALESCE(tc.relpages, 0) AS pages, tc.reloptions AS toastoptions,
      CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END AS oftype,
      CASE WHEN c.reltablespace <> 0 THEN
        (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace) END AS spcname,
      ${accessMethod} AS amname,
      CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partkey,
      CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partbound,
      d.refobjid AS ownertable, d.refobjsubid AS ownercolumn, d.deptype AS ownertype,
      fs.srvname, ft.ftoptions, c.relkind = 'S' AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS selectable
    FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid AND tc.relkind = 't' AND c.relkind <> 'p'
      LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid
      LEFT JOIN pg_catalog.pg_foreign_server fs ON fs.oid = ft.ftserver
      LEFT JOIN pg_catalog.pg_depend d ON c.relkind = 'S' AND d.objid = c.oid AND d.objsubid = 0
        AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND n.nspname <> 'information_schema'
      AND n.nspname !~ '^pg_(temp|toast)'
      AND (n.nspname <> 'pg_catalog' OR c.oid >= ${firstNormalOid} OR ${changedPrivileges})
    ORDER BY c.oid`;
}

/**
 * Of the several hundred relations of pg_catalog only those somebody granted something on are of interest. They have the
 * lowest OIDs: the columns of all others, a million perhaps, need not be looked at.
 */
const changedPrivileges = `
  c.relacl IS DISTINCT FROM (SELECT p.initprivs FROM pg_catalog.pg_init_privs p
    WHERE p.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objoid = c.oid AND p.objsubid = 0)
  OR c.oid IN (SELECT a.attrelid FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_init_privs p ON p.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND p.objoid = a.attrelid AND p.objsubid = a.attnum
    WHERE a.attrelid < ${firstNormalOid} AND a.attacl IS DISTINCT FROM p.initprivs)`;
