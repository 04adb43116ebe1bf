import type { ComparisonSession } from "./comparison-session.ts";
import { isNoMember, isUserSchema } from "./fact-query.ts";
import { keysSql } from "./row-source.ts";
import { toUnicode } from "./to-unicode.ts";

/** A table as a backup holds it. */
export interface CopiedTable {
  /** For people, in Unicode: `table sales.orders`. */
  readonly object: string;
  /** Binary string: `COPY ... TO stdout`, of the columns that a backup holds. */
  readonly copy: string;
  /** As it stands behind FROM. */
  readonly from: string;
  /** Names of its columns, and as SQL. */
  readonly columns: ReadonlyMap<string, string>;
  /** Names of the columns of each key, the primary key first. */
  readonly keys: readonly (readonly string[])[];
}

/** Every table and partition with rows of its own; generated columns are computed again by a restore. */
const tables = (major: number): string => `select n.nspname, c.relname, o.identity,
  case when config.condition is null then 'copy ' || quoted || coalesce(' (' || columns.list || ')', '')
    else 'copy (select ' || coalesce(columns.list, '*') || ' from only ' || quoted || ' ' || config.condition || ')' end || ' to stdout',
  case when config.condition is null then 'only ' || quoted else '(select * from only ' || quoted || ' ' || config.condition || ') as ours' end,
  coalesce(columns.names, '[]'), ${keysSql(major)}
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join lateral (select nullif(e.extcondition[array_position(e.extconfig, c.oid)], '') as condition
  from pg_extension as e where c.oid = any (e.extconfig) limit 1) as config on true
cross join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as o
cross join lateral format('%I.%I', n.nspname, c.relname) as quoted
cross join lateral (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as list,
    json_agg(json_build_array(a.attname, quote_ident(a.attname)) order by a.attnum) as names from pg_attribute as a
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ${major >= 12 ? "and a.attgenerated = ''" : ""}) as columns
where c.relkind = 'r' and not (c.relpersistence = 'u' and pg_is_in_recovery()) and ${isUserSchema()}
and (${isNoMember("pg_class", "c.oid")} or exists (select from pg_extension as e where c.oid = any (e.extconfig)))
order by c.oid`;

/**
 * By schema and name in Unicode, joined by a NUL character. Afterwards the session speaks the encoding of the backup.
 * @throws BackupError SERVER when the server cannot convert to it
 */
export async function readCopiedTables(
  { connection, major }: ComparisonSession,
  encoding: string,
): Promise<ReadonlyMap<string, CopiedTable>> {
  const named = await connection.query(tables(major));
  await connection.query(`select set_config('client_encoding', '${encoding.replaceAll("'", "''")}', false)`);
  // Once more, because what is sent is read in that encoding, too.
  const copied = await connection.query(tables(major));
  return new Map(
    named.rows.map(([schema, name, identity], index) => {
      const [, , , copy, from, columns, keys] = copied.rows[index]!;
      return [
        `${toUnicode(schema!)}\0${toUnicode(name!)}`,
        {
          object: `table ${toUnicode(identity!)}`,
          copy: copy!,
          from: from!,
          columns: new Map(JSON.parse(columns!) as [string, string][]),
          keys: (JSON.parse(keys!) as [string][][]).map((key) => key.map(([column]) => column)),
        },
      ];
    }),
  );
}
