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
  /** Names of the primary key's columns. */
  readonly key: readonly string[];
  /** From the last ANALYZE or VACUUM; 0 when never. */
  readonly estimatedRows: number;
}

export interface RowColumn {
  readonly name: string;
  /** Quoted for SQL. */
  readonly sql: string;
  readonly isFloat: boolean;
}

/**
 * Partitions are compared one by one. Where rows are spread by hash, the partitioned table is compared as a whole: hashes
 * of enum values differ after every restore, and with them the partition that a row belongs to.
 */
const tables = `with recursive below_hash (oid) as (
  select i.inhrelid from pg_partitioned_table as p join pg_inherits as i on i.inhparent = p.partrelid where p.partstrat = 'h'
  union select i.inhrelid from below_hash as b join pg_inherits as i on i.inhparent = b.oid)
select o.type || ' ' || o.identity,
  case when c.relkind = 'p' then quoted when config.condition is null then 'only ' || quoted
    else '(select * from only ' || quoted || ' ' || config.condition || ') as ours' end,
  greatest(c.reltuples, 0)::bigint,
  coalesce((select json_agg(json_build_array(a.attname, quote_ident(a.attname),
      coalesce(nullif(t.typbasetype, 0), t.oid) in ('float4'::regtype, 'float8'::regtype)) order by a.attname::text collate "C")
    from pg_attribute as a join pg_type as t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  coalesce((select json_agg(a.attname order by k.position) from pg_index as i
      cross join lateral unnest(i.indkey) with ordinality as k (number, position)
      join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.number
    where i.indrelid = c.oid and i.indisprimary), '[]')
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
const largeObjects: RowSource = {
  object: "large objects",
  from: `(select m.oid, pg_get_userbyid(m.lomowner) as owner, ${privilegeLines("coalesce(m.lomacl, acldefault('L', m.lomowner))")}
      as privileges, obj_description(m.oid, 'pg_largeobject') as comment, m.size,
      (select md5(string_agg(md5(lo_get(m.oid, piece * 1048576, 1048576)), '' order by piece))
        from generate_series(0, (m.size - 1) / 1048576) as piece) as content
    from ${largeObjectSizes} as m) as large_objects`,
  columns: ["comment", "content", "oid", "owner", "privileges", "size"].map((name) => ({
    name,
    sql: name,
    isFloat: false,
  })),
  key: ["oid"],
  estimatedRows: 0,
};

export async function readRowSources({ connection }: ComparisonSession): Promise<ReadonlyMap<string, RowSource>> {
  const sources = new Map<string, RowSource>();
  await connection.queryEach(tables, ([object, from, estimate, columns, key]) => {
    sources.set(object!, {
      object: object!,
      from: from!,
      columns: (JSON.parse(columns!) as [string, string, boolean][]).map(([name, sql, isFloat]) => ({
        name,
        sql,
        isFloat,
      })),
      key: JSON.parse(key!) as string[],
      estimatedRows: Number(estimate),
    });
  });
  const { rows } = await connection.query("select exists (select from pg_largeobject_metadata)");
  if (rows[0]![0] === "t") sources.set(largeObjects.object, largeObjects);
  return sources;
}
