import { aspectsOf, type FactQuery, identity, isNoMember, isNoPart, isUserSchema } from "../fact-query.ts";

const routine = (column: string): string => `nullif(${column}::text, '-')`;

export const operators: FactQuery = {
  name: "operators",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_operator",
        oid: "o.oid",
        from: "pg_operator as o join pg_namespace as n on n.oid = o.oprnamespace",
        // One that exists only because another one named it as its commutator or negator is none yet.
        where: `o.oprcode <> 0 and ${isUserSchema()} and ${isNoMember("pg_operator", "o.oid")}`,
      },
      {
        owner: "pg_get_userbyid(o.oprowner)",
        function: routine("o.oprcode"),
        commutator: `case when o.oprcom <> 0 then ${identity("pg_operator", "o.oprcom")} end`,
        negator: `case when o.oprnegate <> 0 then ${identity("pg_operator", "o.oprnegate")} end`,
        restrict: routine("o.oprrest"),
        join: routine("o.oprjoin"),
        hashes: "nullif(o.oprcanhash, false)",
        merges: "nullif(o.oprcanmerge, false)",
      },
    ),
};

export const operatorClasses: FactQuery = {
  name: "operator classes",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_opclass",
        oid: "o.oid",
        from: "pg_opclass as o join pg_namespace as n on n.oid = o.opcnamespace",
        where: `${isUserSchema()} and ${isNoMember("pg_opclass", "o.oid")}`,
      },
      {
        owner: "pg_get_userbyid(o.opcowner)",
        family: identity("pg_opfamily", "o.opcfamily"),
        type: "format_type(o.opcintype, null)",
        default: "nullif(o.opcdefault, false)",
        stored: "case when o.opckeytype <> 0 then format_type(o.opckeytype, null) end",
      },
    ),
};

export const operatorFamilies: FactQuery = {
  name: "operator families",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_opfamily",
        oid: "o.oid",
        from: "pg_opfamily as o join pg_namespace as n on n.oid = o.opfnamespace",
        where: `${isUserSchema()} and ${isNoMember("pg_opfamily", "o.oid")}`,
      },
      {
        owner: "pg_get_userbyid(o.opfowner)",
        operators: `(select string_agg(${identity("pg_amop", "m.oid")} || ': ' || m.amopopr::regoperator, chr(10)
          order by m.amopstrategy, m.amopopr::regoperator::text collate "C") from pg_amop as m where m.amopfamily = o.oid)`,
        functions: `(select string_agg(${identity("pg_amproc", "m.oid")} || ': ' || m.amproc::regprocedure, chr(10)
          order by m.amprocnum, m.amproc::regprocedure::text collate "C") from pg_amproc as m where m.amprocfamily = o.oid)`,
      },
    ),
};

export const casts: FactQuery = {
  name: "casts",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_cast",
        oid: "c.oid",
        from: "pg_cast as c",
        where: `c.oid >= 16384 and ${isNoMember("pg_cast", "c.oid")} and ${isNoPart("pg_cast", "c.oid")}`,
      },
      { context: "c.castcontext", method: "c.castmethod", function: "nullif(c.castfunc, 0)::regprocedure" },
    ),
};
