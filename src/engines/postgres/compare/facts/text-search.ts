import { aspectsOf, type FactQuery, identity, isNoMember, isUserSchema } from "../fact-query.ts";

const routine = (column: string): string => `nullif(${column}::text, '-')`;

/** A catalogue whose rows lie in a schema. */
const inSchema = (catalog: string, schema: string) => ({
  catalog,
  oid: "o.oid",
  from: `${catalog} as o join pg_namespace as n on n.oid = o.${schema}`,
  where: `${isUserSchema()} and ${isNoMember(catalog, "o.oid")}`,
});

const parsers: FactQuery = {
  name: "text search parsers",
  sql: () =>
    aspectsOf(inSchema("pg_ts_parser", "prsnamespace"), {
      functions: `concat_ws(', ', o.prsstart, o.prstoken, o.prsend, o.prslextype, ${routine("o.prsheadline")})`,
    }),
};

const templates: FactQuery = {
  name: "text search templates",
  sql: () =>
    aspectsOf(inSchema("pg_ts_template", "tmplnamespace"), {
      functions: `concat_ws(', ', o.tmpllexize, ${routine("o.tmplinit")})`,
    }),
};

const dictionaries: FactQuery = {
  name: "text search dictionaries",
  sql: () =>
    aspectsOf(inSchema("pg_ts_dict", "dictnamespace"), {
      owner: "pg_get_userbyid(o.dictowner)",
      template: identity("pg_ts_template", "o.dicttemplate"),
      options: "o.dictinitoption",
    }),
};

const configurations: FactQuery = {
  name: "text search configurations",
  sql: () =>
    aspectsOf(inSchema("pg_ts_config", "cfgnamespace"), {
      owner: "pg_get_userbyid(o.cfgowner)",
      parser: identity("pg_ts_parser", "o.cfgparser"),
      mappings: `(select string_agg(m.maptokentype || ': ' || ${identity("pg_ts_dict", "m.mapdict")}, chr(10)
        order by m.maptokentype, m.mapseqno) from pg_ts_config_map as m where m.mapcfg = o.oid)`,
    }),
};

export const textSearch: readonly FactQuery[] = [parsers, templates, dictionaries, configurations];
