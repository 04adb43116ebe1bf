import { aspectsOf, effectivePrivileges, type FactQuery, identity, isNoMember, isUserSchema } from "../fact-query.ts";

/** SQL: a column of pg_range, for range types; a value for base types only. */
const range = (value: string): string => `(select ${value} from pg_range as r where r.rngtypid = t.oid)`;
const base = (value: string): string => `case when t.typtype = 'b' then ${value} end`;

/** Types that somebody made: neither arrays nor row types nor the multiranges of ranges. */
export const types: FactQuery = {
  name: "types",
  sql: ({ major, olderMajor }) => {
    return aspectsOf(
      {
        catalog: "pg_type",
        oid: "t.oid",
        from: `pg_type as t join pg_namespace as n on n.oid = t.typnamespace
          left join pg_class as c on c.oid = t.typrelid`,
        where: `t.typtype <> 'm' and (c.oid is null or c.relkind = 'c')
          and not exists (select from pg_type as element where element.typarray = t.oid)
          and ${isUserSchema()} and ${isNoMember("pg_type", "t.oid")}`,
      },
      {
        kind: "t.typtype",
        defined: "nullif(t.typisdefined, true)",
        owner: "pg_get_userbyid(t.typowner)",
        privileges: effectivePrivileges("t.typacl", "T", "t.typowner"),
        labels: `(select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum as e
          where e.enumtypid = t.oid)`,
        "base type": "case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end",
        "not null": "nullif(t.typnotnull, false)",
        // The stored text of a domain's default names types as the search path did when the domain was made.
        default: "case when t.typtype in ('d', 'b') then coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) end",
        collation: `case when t.typcollation <> 0 and t.typtype in ('d', 'b')
          and t.typcollation <> coalesce((select typcollation from pg_type where oid = t.typbasetype), 0)
          then ${identity("pg_collation", "t.typcollation")} end`,
        subtype: range("format_type(r.rngsubtype, null)"),
        "subtype operator class": range(identity("pg_opclass", "r.rngsubopc")),
        "subtype collation": range(
          `case when r.rngcollation <> 0 then ${identity("pg_collation", "r.rngcollation")} end`,
        ),
        canonical: range("nullif(r.rngcanonical::text, '-')"),
        "subtype difference": range("nullif(r.rngsubdiff::text, '-')"),
        multirange: olderMajor >= 14 ? range("format_type(r.rngmultitypid, null)") : undefined,
        input: base("t.typinput::text"),
        output: base("t.typoutput::text"),
        receive: base("nullif(t.typreceive::text, '-')"),
        send: base("nullif(t.typsend::text, '-')"),
        "typmod functions": base("nullif(t.typmodin::text || ' ' || t.typmodout::text, '- -')"),
        analyze: base("nullif(t.typanalyze::text, '-')"),
        subscript: major >= 14 ? base("nullif(t.typsubscript::text, '-')") : undefined,
        layout: base("concat_ws(' ', t.typlen, t.typbyval, t.typalign, t.typstorage, t.typdelim)"),
        category: base("t.typcategory::text || case when t.typispreferred then ' preferred' else '' end"),
        element: base("case when t.typelem <> 0 then format_type(t.typelem, null) end"),
      },
    );
  },
};
