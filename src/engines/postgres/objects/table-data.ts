import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { binaryColumns, copyTo, PAGE_SIZE } from "./binary-columns.ts";
import { Catalog, type CatalogReader, type Row } from "./catalog-reader.ts";
import { dumpedConfiguration } from "./configuration-tables.ts";
import { DumpIds } from "./dump-ids.ts";
import { type DumpObject, definitionOnly } from "./dump-object.ts";
import { type InsertShape, insertShape, unquotedColumnsQuery } from "./insert-shape.ts";
import { objectEntry } from "./object-entry.ts";
import { unregistered } from "./object-registry.ts";
import type { DataSource, ObjectType, PlannedEntry } from "./object-type.ts";
import { allRelations, type Column, isReadable, oidArray, type Relation } from "./relation/relation.ts";

/** The rows of a table or partition. */
interface TableData extends DumpObject {
  readonly kind: "table-data";
  readonly table: Relation;
  /** `WHERE ...` of an extension's configuration table; empty for all rows. */
  readonly condition: string;
  /** Data of configuration tables that its foreign keys refer to: those keys exist before the data is loaded. */
  readonly referenced: TableData[];
  /** Where the rows are loaded: the table itself, or the root of its partitions. */
  readonly target: Relation;
  readonly insert: InsertShape | undefined;
}

export const tableDataType: ObjectType<TableData, "unsafePartitioning" | "references" | "unquoted"> = {
  label: "table data",

  queriesAboutRelations: ({ capabilities, shared, registry, wanted }) => ({
    unsafePartitioning: capabilities.hashPartitions ? unsafePartitioningQuery : undefined,
    references: shared.configurationTables.size === 0 ? undefined : referencesQuery,
    unquoted: wanted.inserts && unquotedColumnsQuery(oidArray(allRelations(registry))),
  }),

  read(reader, { unsafePartitioning, references, unquoted }): TableData[] {
    if (!reader.wanted.data) return [];
    const configuration = dumpedConfiguration(reader);
    const types = new Map(unquoted.map(({ attrelid, attnum, oid }) => [`${attrelid} ${attnum}`, oid!]));
    const { inserts } = reader.wanted;
    const unsafe = new Set(unsafePartitioning.map((row) => Number(row.partrelid)));
    const data = allRelations(reader.registry)
      .filter((table) => isWanted(table, reader))
      .filter(
        ({ parts, catalog: { oid } }) => (parts.definition && reader.selection.data(oid)) || configuration.has(oid),
      )
      .map((table) => {
        const target = loadTarget(table, unsafe, reader.wanted.loadViaRoot);
        const typeOf = (column: number) => types.get(`${table.catalog.oid} ${column}`);
        return reader.registry.add<TableData>({
          dumpId: unregistered,
          dependencies: new DumpIds(),
          kind: "table-data",
          // Not the table's identity: what pg_depend says of the table does not hold for its rows.
          catalog: { table: 0, oid: table.catalog.oid },
          name: table.name,
          schema: table.schema,
          parts: definitionOnly,
          table,
          condition: configuration.get(table.catalog.oid) ?? "",
          referenced: [],
          target,
          insert: inserts && insertShape(table, target, inserts, typeOf),
        });
      });
    addReferences(data, references);
    return data;
  },

  link(data: readonly TableData[]): void {
    for (const each of data) {
      each.dependencies.add(each.table.dumpId);
      for (const referenced of each.referenced) each.dependencies.add(referenced.dumpId);
    }
  },

  entries(data: TableData): PlannedEntry[] {
    const { table, target } = data;
    const copied = qualified(target.schema, target.name);
    const entry = objectEntry(data, { desc: "TABLE DATA", section: "data", owner: table.owner });
    return [
      {
        ...entry,
        catalog: { table: 0, oid: table.catalog.oid },
        hadDumper: true,
        definition: target === table ? null : `-- load via partition root ${copied.replaceAll(/[\r\n]/g, " ")}`,
        copy: data.insert === undefined ? `COPY ${copied} ${columnList(table)} FROM stdin;\n` : null,
        data: dataSource(data),
      },
    ];
  },
};

function isWanted(table: Relation, { shared, wanted, selection }: CatalogReader): boolean {
  if (table.relkind === "f") return table.foreign !== null && selection.foreignData(table.foreign.server);
  if (table.relkind !== "r") return false;
  return isReadable(table, shared.inRecovery) && (wanted.unloggedData || table.persistence !== "u");
}

function dataSource(data: TableData): DataSource {
  const { table, condition, insert } = data;
  const name = qualified(table.schema, table.name);
  const columns = copiedColumns(table);
  const isWhole = condition === "" && table.foreign === null;
  const binary = isWhole ? binaryColumns(table, columns) : undefined;
  const list = binary?.list ?? identifiers(columns);
  const whole = { oid: table.catalog.oid, name: `ONLY ${name}`, select: `SELECT ${list} FROM ONLY ${name}` };
  const filtered = `(SELECT ${list === "" ? "*" : list} FROM ${isWhole ? "ONLY " : ""}${name} ${condition})`;
  return {
    kind: "copy",
    ...(insert === undefined ? {} : { insert }),
    ...(binary === undefined ? {} : { binary: binary.kinds }),
    sql: copyTo(isWhole && binary?.isPlain !== false ? `${name} ${columnList(table)}` : filtered, binary?.kinds),
    schema: table.schema,
    table: table.name,
    estimatedBytes: table.pages * PAGE_SIZE,
    estimatedRows: table.estimatedRows,
    ...(condition === "" && list !== "" && hasPages(table) ? { ranges: whole } : {}),
    ...(isWhole ? { whole } : {}),
  };
}

/** Other access methods than heap need not know ranges of `ctid`. Before there were others, all tables were heaps. */
function hasPages({ accessMethod }: Relation): boolean {
  return accessMethod === null || accessMethod === "heap";
}

/** `(a, b)`: always named, since the order of columns may differ after a restore. */
function columnList(table: Relation): string {
  const list = identifiers(copiedColumns(table));
  return list === "" ? "" : `(${list})`;
}

/** Generated ones are computed again. */
function copiedColumns(table: Relation): Column[] {
  return table.columns.filter((column) => column.generated === "");
}

function identifiers(columns: readonly Column[]): string {
  return columns.map((column) => quoteIdentifier(column.name)).join(", ");
}

/**
 * Partitions by hash of an enum: the hash is of the value's OID, which a restore gives anew, so a row may belong to
 * another partition then. They are loaded through the root.
 */
function loadTarget(table: Relation, unsafe: ReadonlySet<number>, always: boolean): Relation {
  let target = table;
  let isUnsafe = always;
  while (target.partitionBound !== null && target.parents[0] !== undefined) {
    target = target.parents[0];
    isUnsafe ||= unsafe.has(target.catalog.oid);
  }
  return isUnsafe ? target : table;
}

const unsafePartitioningQuery = `
    SELECT p.partrelid FROM pg_catalog.pg_partitioned_table p
    WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am a ON a.oid = o.opcmethod
      WHERE o.opcname = 'enum_ops' AND o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace AND a.amname = 'hash'
        AND o.oid = ANY(p.partclass))`;

const referencesQuery = `
    SELECT c.conrelid, c.confrelid FROM pg_catalog.pg_constraint c
      JOIN pg_catalog.pg_depend d ON d.objid = c.confrelid AND d.classid = ${Catalog.pg_class}
        AND d.refclassid = ${Catalog.pg_extension} AND d.deptype = 'e'
    WHERE c.contype = 'f'`;

/** The extension creates its foreign keys, so the rows they refer to must be loaded first. */
function addReferences(data: readonly TableData[], rows: readonly Row[]): void {
  const byTable = new Map(data.map((each) => [each.table.catalog.oid, each]));
  for (const row of rows) {
    const referencing = byTable.get(Number(row.conrelid));
    const referenced = byTable.get(Number(row.confrelid));
    if (referencing && referenced && referencing !== referenced) referencing.referenced.push(referenced);
  }
}
