import { type FactQuery, isNoMemberOf } from "../fact-query.ts";

/**
 * SQL: user objects, and the schema public. Large objects are left out: they are compared as data.
 * @param oid, catalog columns of the row
 */
const ofUserObject = (catalog: string, oid: string): string =>
  `(${oid} >= 16384 or ${catalog} = 'pg_namespace'::regclass and ${oid} = 'public'::regnamespace)
  and ${catalog} <> 'pg_largeobject'::regclass and ${isNoMemberOf(catalog, oid)}`;

export const comments: FactQuery = {
  name: "comments",
  sql: () => `select d.classoid as classid, d.objoid as objid, d.objsubid, 'comment' as aspect, d.description as value
    from pg_description as d where ${ofUserObject("d.classoid", "d.objoid")}`,
};

export const securityLabels: FactQuery = {
  name: "security labels",
  sql: () => `select l.classoid as classid, l.objoid as objid, l.objsubid, 'label of ' || l.provider as aspect, l.label as value
    from pg_seclabel as l where ${ofUserObject("l.classoid", "l.objoid")}`,
};
