import { aspectsOf, effectivePrivileges, type FactQuery, identity, isNoMember, sortedList } from "../fact-query.ts";

const routine = (column: string): string => `nullif(${column}::regprocedure::text, '-')`;

const wrappers: FactQuery = {
  name: "foreign-data wrappers",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_foreign_data_wrapper",
        oid: "w.oid",
        from: "pg_foreign_data_wrapper as w",
        where: isNoMember("pg_foreign_data_wrapper", "w.oid"),
      },
      {
        owner: "pg_get_userbyid(w.fdwowner)",
        handler: routine("w.fdwhandler"),
        validator: routine("w.fdwvalidator"),
        options: sortedList("w.fdwoptions"),
        privileges: effectivePrivileges("w.fdwacl", "F", "w.fdwowner"),
      },
    ),
};

const servers: FactQuery = {
  name: "foreign servers",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_foreign_server",
        oid: "s.oid",
        from: "pg_foreign_server as s",
        where: isNoMember("pg_foreign_server", "s.oid"),
      },
      {
        owner: "pg_get_userbyid(s.srvowner)",
        wrapper: identity("pg_foreign_data_wrapper", "s.srvfdw"),
        type: "s.srvtype",
        version: "s.srvversion",
        // Options may hold passwords: only their hash is read.
        options: `md5(${sortedList("s.srvoptions")})`,
        privileges: effectivePrivileges("s.srvacl", "S", "s.srvowner"),
      },
    ),
};

const userMappings: FactQuery = {
  name: "user mappings",
  sql: () =>
    aspectsOf(
      { catalog: "pg_user_mapping", oid: "m.umid", from: "pg_user_mappings as m", where: "m.umid >= 16384" },
      { exists: "'yes'", options: `md5(${sortedList("m.umoptions")})` },
    ),
};

export const foreignData: readonly FactQuery[] = [wrappers, servers, userMappings];
