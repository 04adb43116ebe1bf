import {
  aspectsOf,
  effectivePrivileges,
  type FactQuery,
  identity,
  isNoMember,
  isUserSchema,
  privilegeLines,
  sortedList,
} from "../fact-query.ts";

const routine = (column: string): string => `nullif(${column}::regprocedure::text, '-')`;

const collations: FactQuery = {
  name: "collations",
  sql: ({ major }) =>
    aspectsOf(
      {
        catalog: "pg_collation",
        oid: "c.oid",
        from: "pg_collation as c join pg_namespace as n on n.oid = c.collnamespace",
        where: `${isUserSchema()} and ${isNoMember("pg_collation", "c.oid")}`,
      },
      {
        owner: "pg_get_userbyid(c.collowner)",
        provider: "c.collprovider",
        // The server keeps the name of an ICU locale in another column since 15.
        locale: `coalesce(${major >= 17 ? "c.colllocale, " : major >= 15 ? "c.colliculocale, " : ""}c.collcollate)`,
        ctype: "case when c.collprovider = 'c' then c.collctype end",
        rules: major >= 16 ? "c.collicurules" : undefined,
        deterministic: major >= 12 ? "nullif(c.collisdeterministic, true)" : undefined,
      },
    ),
};

const conversions: FactQuery = {
  name: "conversions",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_conversion",
        oid: "c.oid",
        from: "pg_conversion as c join pg_namespace as n on n.oid = c.connamespace",
        where: `${isUserSchema()} and ${isNoMember("pg_conversion", "c.oid")}`,
      },
      {
        owner: "pg_get_userbyid(c.conowner)",
        between: "pg_encoding_to_char(c.conforencoding) || ' ' || pg_encoding_to_char(c.contoencoding)",
        function: "c.conproc",
        default: "nullif(c.condefault, false)",
      },
    ),
};

const languages: FactQuery = {
  name: "languages",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_language",
        oid: "l.oid",
        from: "pg_language as l",
        where: `l.oid >= 16384 and ${isNoMember("pg_language", "l.oid")}`,
      },
      {
        owner: "pg_get_userbyid(l.lanowner)",
        trusted: "l.lanpltrusted",
        handler: routine("l.lanplcallfoid"),
        inline: routine("l.laninline"),
        validator: routine("l.lanvalidator"),
        privileges: effectivePrivileges("l.lanacl", "l", "l.lanowner"),
      },
    ),
};

const transforms: FactQuery = {
  name: "transforms",
  sql: () =>
    aspectsOf(
      { catalog: "pg_transform", oid: "t.oid", from: "pg_transform as t", where: isNoMember("pg_transform", "t.oid") },
      { "from sql": routine("t.trffromsql"), "to sql": routine("t.trftosql") },
    ),
};

const accessMethods: FactQuery = {
  name: "access methods",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_am",
        oid: "a.oid",
        from: "pg_am as a",
        where: `a.oid >= 16384 and ${isNoMember("pg_am", "a.oid")}`,
      },
      { type: "a.amtype", handler: "a.amhandler" },
    ),
};

const eventTriggers: FactQuery = {
  name: "event triggers",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_event_trigger",
        oid: "e.oid",
        from: "pg_event_trigger as e",
        where: isNoMember("pg_event_trigger", "e.oid"),
      },
      {
        owner: "pg_get_userbyid(e.evtowner)",
        event: "e.evtevent",
        function: "e.evtfoid::regprocedure",
        enabled: "nullif(e.evtenabled::text, 'O')",
        tags: sortedList("e.evttags"),
      },
    ),
};

const extendedStatistics: FactQuery = {
  name: "extended statistics",
  sql: ({ major }) =>
    aspectsOf(
      {
        catalog: "pg_statistic_ext",
        oid: "s.oid",
        from: "pg_statistic_ext as s join pg_namespace as n on n.oid = s.stxnamespace",
        where: `${isUserSchema()} and ${isNoMember("pg_statistic_ext", "s.oid")}`,
      },
      {
        owner: "pg_get_userbyid(s.stxowner)",
        definition: "pg_get_statisticsobjdef(s.oid)",
        target: major >= 13 ? "nullif(s.stxstattarget, -1)" : undefined,
      },
    ),
};

const defaultPrivileges: FactQuery = {
  name: "default privileges",
  sql: () =>
    aspectsOf(
      { catalog: "pg_default_acl", oid: "d.oid", from: "pg_default_acl as d", where: "true" },
      { privileges: `coalesce(${privilegeLines("d.defaclacl")}, 'none')` },
    ),
};

/** SQL: a column list by names: numbers change when a table that once lost a column is restored. */
const publishedColumns = `(select string_agg(quote_ident(a.attname), ', ' order by a.attname collate "C")
  from pg_attribute as a where a.attrelid = r.prrelid and a.attnum = any (r.prattrs))`;

const publications: FactQuery = {
  name: "publications",
  sql: ({ major, olderMajor }) => {
    const rows =
      major >= 15
        ? `|| coalesce(' (' || ${publishedColumns} || ')', '') || coalesce(' where ' || pg_get_expr(r.prqual, r.prrelid), '')`
        : "";
    const schema = identity("pg_namespace", "r.pnnspid");
    return aspectsOf(
      {
        catalog: "pg_publication",
        oid: "p.oid",
        from: "pg_publication as p",
        where: isNoMember("pg_publication", "p.oid"),
      },
      {
        owner: "pg_get_userbyid(p.pubowner)",
        publishes: "concat_ws(' ', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete)",
        "publishes truncate": olderMajor >= 11 ? "p.pubtruncate" : undefined,
        "publishes through the root": olderMajor >= 13 ? "p.pubviaroot" : undefined,
        "publishes generated columns": olderMajor >= 18 ? "p.pubgencols" : undefined,
        tables: `(select string_agg(r.prrelid::regclass::text ${rows}, ', ' order by r.prrelid::regclass::text collate "C")
          from pg_publication_rel as r where r.prpubid = p.oid)`,
        schemas:
          major >= 15
            ? `(select string_agg(${schema}, ', ' order by ${schema} collate "C")
              from pg_publication_namespace as r where r.pnpubid = p.oid)`
            : undefined,
      },
    );
  },
};

const subscriptions: FactQuery = {
  name: "subscriptions",
  // The connection string may hold a password, and only superusers may read it: it is not compared.
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_subscription",
        // Before PostgreSQL 14 only superusers may read the oid in the catalogue itself. Subscriptions of the same name
        // in other databases have the same identity.
        oid: "(select min(view.subid) from pg_stat_subscription as view where view.subname = s.subname)",
        from: "pg_subscription as s",
        where: "s.subdbid = (select oid from pg_database where datname = current_database())",
      },
      {
        owner: "pg_get_userbyid(s.subowner)",
        slot: "s.subslotname",
        publications: "array_to_string(s.subpublications, ', ')",
      },
    ),
};

export const others: readonly FactQuery[] = [
  collations,
  conversions,
  languages,
  transforms,
  accessMethods,
  eventTriggers,
  extendedStatistics,
  defaultPrivileges,
  publications,
  subscriptions,
];
