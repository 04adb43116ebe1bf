import type { ComparisonSession } from "./comparison-session.ts";
import { isNoMember, isUserSchema, privilegeLines } from "./fact-query.ts";

/** Something with rows to compare: a table, a partition, a materialized view, the large objects. Binary strings. */
export interface RowSource {
  /** As in the facts of the schema: `table sales.orders_2025_01`. */
  readonly object: string;
  /** SQL that stands behind FROM. */
  readonly from: string;
  /** In the order of their names, so that neither attribute numbers nor dropped columns matter. */
  readonly columns: readonly RowColumn[];
  /** Columns that tell rows apart and are never null: of the primary key first, then of other unique indexes. */
  readonly keys: readonly RowKey[];
  /** From the last ANALYZE or VACUUM; 0 when never. */
  readonly estimatedRows: number;
  /** What the table takes on disk with its long values, without indexes. */
  readonly bytes: number;
  /** Where the rows lie, when `ctid` leads to them. */
  readonly heap: Heap | undefined;
  /** Of a partitioned table that is compared as a whole: SQL for each table with rows of it. */
  readonly leaves: readonly string[];
}

export interface RowColumn {
  readonly name: string;
  /** Quoted for SQL. */
  readonly sql: string;
  /** As the server writes it, with its length or precision. */
  readonly type: string;
  readonly isFloat: boolean;
}

export interface Heap {
  readonly pages: number;
}

export type RowKey = readonly KeyColumn[];

export interface KeyColumn {
  readonly name: string;
  readonly sql: string;
  /**
   * The type, when its values have the same order on every server: SQL for literals of it. Texts only in the order of
   * their bytes.
   */
  readonly ordered: string | undefined;
  readonly isText: boolean;
}

/** Types of keys that have one order everywhere. No floating-point numbers, no enums: their order is the database's. */
const orderedTypes = "int2 int4 int8 oid numeric date timestamp timestamptz uuid bytea bool time interval";
const orderedTexts = "text varchar bpchar";
const sqlList = (words: string): string => words.replaceAll(/\w+/g, "'$&'").replaceAll(" ", ", ");

/** SQL: unique indexes without expression and condition, whose columns are never null, as JSON; the primary key first. */
export const keysSql = (
  major: number,
): string => `coalesce((select json_agg(key order by "primary" desc, columns, oid) from (
    select i.indisprimary as "primary", i.indexrelid as oid, count(*) as columns,
      json_agg(json_build_array(a.attname, quote_ident(a.attname),
        case when op.opcdefault and t.typnamespace = 'pg_catalog'::regnamespace and (t.typname in (${sqlList(orderedTypes)}) or t.typname in (${sqlList(orderedTexts)})
            and i.indcollation[k.position - 1] = a.attcollation and (co.collname in ('C', 'POSIX') or co.collname = 'default'
              and (select datcollate in ('C', 'POSIX') ${major >= 15 ? "and datlocprovider = 'c'" : ""} from pg_database
                where datname = current_database())))
          then 'pg_catalog.' || quote_ident(t.typname) end, t.typname in (${sqlList(orderedTexts)})) order by k.position) as key
    from pg_index as i join pg_class as x on x.oid = i.indexrelid join pg_am as am on am.oid = x.relam
    cross join lateral unnest(i.indkey) with ordinality as k (number, position)
    join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.number
    join pg_opclass as op on op.oid = i.indclass[k.position - 1]
    join pg_type as given on given.oid = a.atttypid
    join pg_type as t on t.oid = coalesce(nullif(given.typbasetype, 0), given.oid)
    left join pg_collation as co on co.oid = a.attcollation
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
      and am.amname = 'btree' ${major >= 11 ? "and k.position <= i.indnkeyatts" : ""}
    group by i.indexrelid, i.indisprimary
    having bool_and(a.attnotnull)) as unique_keys), '[]')`;

/**
 * Partitions are compared one by one. Where rows are spread by hash, the partitioned table is compared as a whole: hashes
 * of enum values differ after every restore, and with them the partition that a row belongs to.
 */
const tables = (major: number): string => `with recursive below_hash (root, oid) as (
  select p.partrelid, i.inhrelid from pg_partitioned_table as p join pg_inherits as i on i.inhparent = p.partrelid
    where p.partstrat = 'h'
  union select b.root, i.inhrelid from below_hash as b join pg_inherits as i on i.inhparent = b.oid)
select o.type || ' ' || o.identity,
  case when c.relkind = 'p' then quoted when config.condition is null then 'only ' || quoted
    else '(select * from only ' || quoted || ' ' || config.condition || ') as ours' end,
  greatest(c.reltuples, 0)::bigint,
  coalesce((select json_agg(json_build_array(a.attname, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
      coalesce(nullif(t.typbasetype, 0), t.oid) in ('float4'::regtype, 'float8'::regtype)) order by a.attname::text collate "C")
    from pg_attribute as a join pg_type as t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  ${keysSql(major)},
  case when c.relkind = 'p' then (select sum(pg_table_size(b.oid)) from below_hash as b where b.root = c.oid)
    else pg_table_size(c.oid) end,
  case when c.relkind in ('r', 'm') and config.condition is null ${major >= 12 ? "and (select amname = 'heap' from pg_am where oid = c.relam)" : ""}
    then pg_relation_size(c.oid) / current_setting('block_size')::bigint end,
  coalesce((select json_agg('only ' || quote_ident(ln.nspname) || '.' || quote_ident(l.relname) order by l.oid)
    from below_hash as b join pg_class as l on l.oid = b.oid join pg_namespace as ln on ln.oid = l.relnamespace
    where b.root = c.oid and l.relkind = 'r'), '[]')
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_partitioned_table as p on p.partrelid = c.oid
-- An extension says which rows of its tables are the users' and not its own.
left join lateral (select nullif(e.extcondition[array_position(e.extconfig, c.oid)], '') as condition
  from pg_extension as e where c.oid = any (e.extconfig) limit 1) as config on true
cross join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as o
cross join lateral format('%I.%I', n.nspname, c.relname) as quoted
where not (c.relpersistence = 'u' and pg_is_in_recovery())
and (c.relkind = 'r' or c.relkind = 'm' and c.relispopulated or p.partstrat = 'h')
and c.oid not in (select oid from below_hash) and ${isUserSchema()}
and (${isNoMember("pg_class", "c.oid")} or exists (select from pg_extension as e where c.oid = any (e.extconfig)))
order by c.oid`;

/**
 * SQL: the large objects and their sizes. The functions with side effects stand in subqueries within each other: of
 * joins, PostgreSQL 14 and 15 remember results by descriptor.
 */
export const largeObjectSizes = `(select * from (select *, lo_close(fd) as closed from (select *, lo_lseek64(fd, 0, 2) as size
  from (select oid, lomowner, lomacl, lo_open(oid, 262144) as fd from pg_largeobject_metadata offset 0) as o
  offset 0) as s offset 0) as c where closed = 0)`;

/** Content is read in pieces of 1 MiB, so that the server needs no memory for whole objects. */
const largeObjects = (bytes: number): RowSource => ({
  object: "large objects",
  from: `(select m.oid, pg_get_userbyid(m.lomowner) as owner, ${privilegeLines("coalesce(m.lomacl, acldefault('L', m.lomowner))")}
      as privileges, obj_description(m.oid, 'pg_largeobject') as comment, m.size,
      (select md5(string_agg(md5(lo_get(m.oid, piece * 1048576, 1048576)), '' order by piece))
        from generate_series(0, (m.size - 1) / 1048576) as piece) as content
    from ${largeObjectSizes} as m) as large_objects`,
  columns: ["comment", "content", "oid", "owner", "privileges", "size"].map((name) => ({
    name,
    sql: name,
    type: "of the catalogue",
    isFloat: false,
  })),
  keys: [[{ name: "oid", sql: "oid", ordered: undefined, isText: false }]],
  estimatedRows: 0,
  bytes,
  heap: undefined,
  leaves: [],
});

export async function readRowSources({
  connection,
  major,
}: ComparisonSession): Promise<ReadonlyMap<string, RowSource>> {
  const sources = new Map<string, RowSource>();
  await connection.queryEach(tables(major), ([object, from, estimate, columns, keyList, bytes, pages, leaves]) => {
    sources.set(object!, {
      object: object!,
      from: from!,
      columns: (JSON.parse(columns!) as [string, string, string, boolean][]).map(([name, sql, type, isFloat]) => ({
        name,
        sql,
        type,
        isFloat,
      })),
      keys: (JSON.parse(keyList!) as [string, string, string | null, boolean][][]).map((key) =>
        key.map(([name, sql, ordered, isText]) => ({ name, sql, ordered: ordered ?? undefined, isText })),
      ),
      estimatedRows: Number(estimate),
      bytes: Number(bytes ?? 0),
      heap: pages === null ? undefined : { pages: Number(pages) },
      leaves: JSON.parse(leaves!) as string[],
    });
  });
  const { rows } = await connection.query(
    "select exists (select from pg_largeobject_metadata), pg_table_size('pg_largeobject')",
  );
  const [exist, bytes] = rows[0]!;
  if (exist === "t") sources.set("large objects", largeObjects(Number(bytes)));
  return sources;
}
