import type { Capabilities } from "../../capabilities.ts";
import { qualified } from "../../sql/quote.ts";
import { Catalog, type CatalogReader, type Row } from "../catalog-reader.ts";
import { optionsClause } from "../foreign-data/options.ts";
import { type Column, type NotNull, type Relation, relationAt } from "./relation.ts";

const storageNames: Readonly<Record<string, string>> = { p: "PLAIN", e: "EXTERNAL", x: "EXTENDED", m: "MAIN" };
const compressionNames: Readonly<Record<string, string>> = { p: "pglz", l: "lz4" };

/** Fills `columns` of all relations but sequences. @param rows what {@link columnQuery} answered. */
export function readColumns(reader: CatalogReader, rows: readonly Row[]): void {
  const columns: Column[] = [];
  let relation: Relation | undefined;
  for (const row of rows) {
    const oid = Number(row.attrelid);
    if (relation?.catalog.oid !== oid) {
      if (relation !== undefined) relation.columns = columns.splice(0);
      relation = relationAt(reader.registry, oid);
    }
    if (relation !== undefined) columns.push(columnOf(row, relation, reader));
  }
  if (relation !== undefined) relation.columns = columns;
}

function columnOf(row: Row, relation: Relation, reader: CatalogReader): Column {
  return {
    number: Number(row.attnum),
    name: row.attname!,
    type: row.typename!,
    output: Number(row.output ?? 0),
    collation: row.collname === null ? null : qualified(row.collschema!, row.collname!),
    isLocal: row.attislocal === "t",
    identity: row.attidentity ?? "",
    generated: row.attgenerated ?? "",
    statisticsTarget: Number(row.attstattarget ?? -1) < 0 ? null : Number(row.attstattarget),
    storage: storageNames[row.attstorage ?? ""] ?? null,
    compression: reader.wanted.toastCompression ? (compressionNames[row.attcompression ?? ""] ?? null) : null,
    options: row.attoptions ?? "",
    foreignOptions: optionsClause(row.attfdwoptions ?? null),
    notNull: notNullOf(row, relation, reader),
    default: undefined,
  };
}

/** A NOT NULL of this column, unless it is an unvalidated one, which is an object of its own. */
function notNullOf(row: Row, relation: Relation, { capabilities, descriptions }: CatalogReader): NotNull | undefined {
  if (!capabilities.namedNotNullConstraints) {
    return row.attnotnull === "t" ? { name: null, noInherit: false, isLocal: true, catalog: null } : undefined;
  }
  if (row.nnname === null || row.nnvalid !== "t") return undefined;
  const catalog = { table: Catalog.pg_constraint, oid: Number(row.nnoid) };
  const usual = `${relation.name}_${row.attname}_not_null`;
  return {
    // A comment needs the name spelled out, since the server's choice could differ when the dump is restored.
    name: row.nnname === usual && descriptions.commentOn(catalog) === undefined ? null : row.nnname!,
    noInherit: row.nnnoinherit === "t",
    isLocal: row.nnislocal === "t",
    catalog,
  };
}

/**
 * Most columns have nothing special, which is said with NULL. `OFFSET 0` makes the server look up the columns of each
 * relation; left alone it sorts out those of all toast tables and indexes too.
 * @param oids an SQL array of relations.
 * @param withOutput whether the output functions of the types are wanted: rows will be copied
 */
export function columnQuery(capabilities: Capabilities, oids: string, withOutput: boolean): string {
  const notNull = capabilities.namedNotNullConstraints
    ? `nn.oid AS nnoid, nn.conname AS nnname, nn.convalidated AS nnvalid, nn.connoinherit AS nnnoinherit,
       nn.conislocal AS nnislocal`
    : "a.attnotnull";
  const joinNotNull = capabilities.namedNotNullConstraints
    ? `LEFT JOIN (${notNulls}) AS nn ON a.attnotnull AND nn.conrelid = a.attrelid AND nn.attnum = a.attnum`
    : "";
  return `
    SELECT a.attrelid, a.attnum, a.attname, a.attislocal, NULLIF(a.attidentity, '') AS attidentity, a.attstattarget,
      NULLIF(a.attstorage, t.typstorage) AS attstorage, ${withOutput ? outputFunction : "NULL"} AS output, pg_catalog.format_type(a.atttypid, a.atttypmod) AS typename,
      ${capabilities.generatedColumns ? "NULLIF(a.attgenerated, '')" : "NULL"} AS attgenerated,
      ${capabilities.columnCompression ? "NULLIF(a.attcompression, '')" : "NULL"} AS attcompression,
      CASE WHEN a.attoptions IS NOT NULL THEN pg_catalog.array_to_string(ARRAY(SELECT o
        FROM pg_catalog.unnest(a.attoptions) AS o WHERE ${isUsersOption("o")}), ', ') END AS attoptions, a.attfdwoptions,
      co.collname, cn.nspname AS collschema, ${notNull}
    FROM pg_catalog.unnest(${oids}) AS src(oid)
      CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_attribute c
        WHERE c.attrelid = src.oid AND c.attnum > 0 AND NOT c.attisdropped OFFSET 0) AS a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_collation co ON co.oid = NULLIF(a.attcollation, t.typcollation)
      LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
      ${joinNotNull}
    ORDER BY a.attrelid, a.attnum`;
}

/**
 * SQL: all of them, to be joined at once: looking up those of each column takes the server half as long again as all else
 * about columns. COALESCE hides from the planner that a comparison is made, of which it may guess from old statistics that
 * hardly a row passes: a join row by row would follow.
 */
const notNulls =
  "SELECT oid, conname, convalidated, connoinherit, conislocal, conrelid, conkey[1] AS attnum " +
  "FROM pg_catalog.pg_constraint WHERE COALESCE(contype = 'n', false) OFFSET 0";

/**
 * SQL: NULL for domains over arrays, enums, ranges and rows, which functions of any such type do not all take: `enum_out`
 * knows no domain.
 */
const outputFunction =
  "CASE WHEN t.typtype <> 'd' OR t.typoutput NOT IN (751, 2291, 3507, 3835, 4232) THEN t.typoutput::pg_catalog.oid END";

/**
 * SQL: the element of `attoptions` was set by somebody. Minor versions of 2026 (15.20 among them) keep a number of their
 * own there for every column, which no other server takes. It says nothing of the column itself.
 */
function isUsersOption(option: string): string {
  const prefix = "pg_attver=";
  return `pg_catalog.left(${option}, ${prefix.length}) <> '${prefix}'`;
}
