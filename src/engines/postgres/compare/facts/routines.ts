import {
  aspectsOf,
  effectivePrivileges,
  type FactQuery,
  type FactRows,
  identity,
  isNoMember,
  isNoPart,
  isUserSchema,
} from "../fact-query.ts";

/** Rows of pg_proc that users made. */
const routinesWhere = (where: string, more = ""): FactRows => ({
  catalog: "pg_proc",
  oid: "p.oid",
  from: `pg_proc as p join pg_namespace as n on n.oid = p.pronamespace ${more}`,
  where: `${where} and ${isUserSchema()} and ${isNoMember("pg_proc", "p.oid")} and ${isNoPart("pg_proc", "p.oid")}`,
});

/** Functions and procedures, aspect by aspect: a change is named, not only found. */
export const routines: FactQuery = {
  name: "functions",
  sql: ({ major }) =>
    aspectsOf(routinesWhere(major >= 11 ? "p.prokind <> 'a'" : "not p.proisagg"), {
      arguments: "pg_get_function_arguments(p.oid)",
      result: "pg_get_function_result(p.oid)",
      kind: major >= 11 ? "p.prokind" : "case when p.proiswindow then 'w' else 'f' end",
      language: "(select lanname from pg_language where oid = p.prolang)",
      source: "nullif(p.prosrc, '')",
      "object file": "p.probin",
      body: major >= 14 ? "pg_get_function_sqlbody(p.oid)" : undefined,
      volatility: "p.provolatile",
      parallel: "p.proparallel",
      strict: "nullif(p.proisstrict, false)",
      "security definer": "nullif(p.prosecdef, false)",
      leakproof: "nullif(p.proleakproof, false)",
      cost: "p.procost",
      rows: "nullif(p.prorows, 0)",
      settings: "array_to_string(p.proconfig, chr(10))",
      support: major >= 12 ? "nullif(p.prosupport::regproc::text, '-')" : undefined,
      transforms: `(select string_agg(format_type(t, null), ', ') from unnest(p.protrftypes) as t)`,
      owner: "pg_get_userbyid(p.proowner)",
      privileges: effectivePrivileges("p.proacl", "f", "p.proowner"),
    }),
};

// Columns of pg_aggregate as SQL; nothing where they hold what they hold when nobody says otherwise.
const functionOf = (column: string): string => `nullif(a.${column}::regprocedure::text, '-')`;
const modifyOf = (column: string): string => `nullif(a.${column}, case a.aggkind when 'n' then 'r' else 'w' end)`;
const typeOf = (column: string): string => `case when a.${column} <> 0 then format_type(a.${column}, null) end`;

export const aggregates: FactQuery = {
  name: "aggregates",
  sql: ({ major }) => {
    return aspectsOf(routinesWhere("true", "join pg_aggregate as a on a.aggfnoid = p.oid"), {
      arguments: "pg_get_function_arguments(p.oid)",
      result: "pg_get_function_result(p.oid)",
      kind: "a.aggkind",
      "direct arguments": "a.aggnumdirectargs",
      sfunc: functionOf("aggtransfn"),
      stype: typeOf("aggtranstype"),
      sspace: "nullif(a.aggtransspace, 0)",
      initcond: "a.agginitval",
      finalfunc: functionOf("aggfinalfn"),
      "finalfunc extra": "nullif(a.aggfinalextra, false)",
      "finalfunc modify": major >= 11 ? modifyOf("aggfinalmodify") : undefined,
      combinefunc: functionOf("aggcombinefn"),
      serialfunc: functionOf("aggserialfn"),
      deserialfunc: functionOf("aggdeserialfn"),
      msfunc: functionOf("aggmtransfn"),
      minvfunc: functionOf("aggminvtransfn"),
      mstype: typeOf("aggmtranstype"),
      msspace: "nullif(a.aggmtransspace, 0)",
      minitcond: "a.aggminitval",
      mfinalfunc: functionOf("aggmfinalfn"),
      "mfinalfunc extra": "nullif(a.aggmfinalextra, false)",
      "mfinalfunc modify": major >= 11 ? modifyOf("aggmfinalmodify") : undefined,
      sortop: `case when a.aggsortop <> 0 then ${identity("pg_operator", "a.aggsortop")} end`,
      parallel: "p.proparallel",
      owner: "pg_get_userbyid(p.proowner)",
      privileges: effectivePrivileges("p.proacl", "f", "p.proowner"),
    });
  },
};
