import { aspectsOf, effectivePrivileges, type FactQuery, isNoMember, isUserSchema, sortedList } from "../fact-query.ts";

export const schemas: FactQuery = {
  name: "schemas",
  sql: ({ olderMajor, newerMajor }) => {
    // PostgreSQL 15 gave the schema public another owner and other privileges.
    const ownPublic = olderMajor >= 15 || newerMajor < 15 ? "true" : "n.nspname <> 'public'";
    return aspectsOf(
      {
        catalog: "pg_namespace",
        oid: "n.oid",
        from: "pg_namespace as n",
        where: `${isUserSchema()} and ${isNoMember("pg_namespace", "n.oid")}`,
      },
      {
        exists: "'yes'",
        owner: `case when ${ownPublic} then pg_get_userbyid(n.nspowner) end`,
        privileges: `case when ${ownPublic} then ${effectivePrivileges("n.nspacl", "n", "n.nspowner")} end`,
      },
    );
  },
};

export const extensions: FactQuery = {
  name: "extensions",
  sql: ({ olderMajor, newerMajor }) =>
    aspectsOf(
      {
        catalog: "pg_extension",
        oid: "e.oid",
        from: "pg_extension as e join pg_namespace as n on n.oid = e.extnamespace",
        // The server's own, plpgsql, is in every database.
        where: "e.oid >= 16384",
      },
      {
        schema: "n.nspname",
        owner: "pg_get_userbyid(e.extowner)",
        // Every major version of the server brings other versions of its own extensions.
        version: olderMajor === newerMajor ? "e.extversion" : undefined,
        "configuration tables": sortedList("array(select t::regclass::text from unnest(e.extconfig) as t)"),
      },
    ),
};
