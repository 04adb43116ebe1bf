import {
  aspectsOf,
  effectivePrivileges,
  type FactQuery,
  type FactRows,
  identity,
  isNoMember,
  isUserSchema,
  sortedList,
} from "../fact-query.ts";

/** Relations of these kinds, with more joined to them. */
const relationsOf = (kinds: string, more = ""): FactRows => ({
  catalog: "pg_class",
  oid: "c.oid",
  from: `pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    left join pg_tablespace as space on space.oid = c.reltablespace ${more}`,
  where: `c.relkind in (${kinds}) and ${isUserSchema()} and ${isNoMember("pg_class", "c.oid")}`,
});

/** Tables of all kinds, views, sequences: everything but their columns and what hangs on them. */
export const relations: FactQuery = {
  name: "relations",
  sql: ({ major }) =>
    aspectsOf(relationsOf("'r', 'p', 'v', 'm', 'f', 'S'"), {
      kind: "c.relkind",
      persistence: "c.relpersistence",
      owner: "pg_get_userbyid(c.relowner)",
      privileges: `case when c.relkind = 'S' then ${effectivePrivileges("c.relacl", "s", "c.relowner")}
          else ${effectivePrivileges("c.relacl", "r", "c.relowner")} end`,
      options: sortedList("c.reloptions"),
      "options of the toast table": sortedList(
        "(select toast.reloptions from pg_class as toast where toast.oid = c.reltoastrelid)",
      ),
      tablespace: "space.spcname",
      "access method":
        major >= 12
          ? "case when c.relkind <> 'S' then (select nullif(amname, 'heap') from pg_am where oid = c.relam) end"
          : undefined,
      "with oids": major < 12 ? "nullif(c.relhasoids, false)" : undefined,
      "replica identity": `case when c.relkind in ('r', 'p', 'm') then case c.relreplident when 'i' then
          (select 'index ' || index.relname from pg_index as i join pg_class as index on index.oid = i.indexrelid
            where i.indrelid = c.oid and i.indisreplident) else nullif(c.relreplident::text, 'd') end end`,
      "row security": "nullif(c.relrowsecurity, false)",
      "forced row security": "nullif(c.relforcerowsecurity, false)",
      populated: "case when c.relkind = 'm' then c.relispopulated end",
      "of type": `case when c.reloftype <> 0 then ${identity("pg_type", "c.reloftype")} end`,
      parents: `(select string_agg(${identity("pg_class", "i.inhparent")}, ', ' order by i.inhseqno)
          from pg_inherits as i where i.inhrelid = c.oid)`,
      "partition key": "case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end",
      "partition bound": "pg_get_expr(c.relpartbound, c.oid)",
      definition: "case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end",
      "foreign table": `(select ${identity("pg_foreign_server", "f.ftserver")} || ' '
          || coalesce(${sortedList("f.ftoptions")}, '') from pg_foreign_table as f where f.ftrelid = c.oid)`,
    }),
};

/** Columns of tables, views and composite types. */
export const columns: FactQuery = {
  name: "columns",
  sql: ({ major }) =>
    aspectsOf(
      {
        ...relationsOf(
          "'r', 'p', 'v', 'm', 'f', 'c'",
          `join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_type as t on t.oid = a.atttypid
        left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum`,
        ),
        subId: "a.attnum",
      },
      {
        type: "format_type(a.atttypid, a.atttypmod)",
        collation: `case when a.attcollation <> t.typcollation then ${identity("pg_collation", "a.attcollation")} end`,
        "not null": "nullif(a.attnotnull, false)",
        default: "pg_get_expr(d.adbin, d.adrelid)",
        identity: "nullif(a.attidentity::text, '')",
        generated: major >= 12 ? "nullif(a.attgenerated::text, '')" : undefined,
        storage: "case when c.relkind in ('r', 'p', 'm', 'f') then a.attstorage end",
        compression: major >= 14 ? "nullif(a.attcompression::text, '')" : undefined,
        statistics: "nullif(a.attstattarget, -1)",
        options: `(select string_agg(item, ', ' order by item collate "C") from unnest(a.attoptions) as item
          where item !~ '^pg_attver=')`,
        "foreign options": sortedList("a.attfdwoptions"),
        "only inherited": "nullif(not a.attislocal, false)",
        privileges: `nullif((select string_agg(item::text, chr(10) order by item::text collate "C")
          from unnest(a.attacl) as item), '')`,
        // With parents, columns that the parents have in common come first after a restore.
        position: `case when c.relispartition or not exists (select from pg_inherits where inhrelid = c.oid) then (
          select count(*) from pg_attribute as before
          where before.attrelid = c.oid and before.attnum between 1 and a.attnum and not before.attisdropped) end`,
      },
    ),
};

/** How sequences count, and whose they are. Their values are read from themselves: see sequence-values.ts. */
export const sequences: FactQuery = {
  name: "sequences",
  sql: () =>
    aspectsOf(relationsOf("'S'", "join pg_sequence as s on s.seqrelid = c.oid"), {
      "data type": "format_type(s.seqtypid, null)",
      start: "s.seqstart",
      increment: "s.seqincrement",
      minimum: "s.seqmin",
      maximum: "s.seqmax",
      cache: "s.seqcache",
      cycle: "s.seqcycle",
      "owned by": `(select identity from pg_depend as d, pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid)
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
          and d.refobjsubid > 0 and d.deptype in ('a', 'i'))`,
    }),
};
