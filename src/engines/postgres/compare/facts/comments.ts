import { type FactQuery, isNoMemberOf } from "../fact-query.ts";

/**
 * SQL: user objects, and the schema public. Large objects are left out: they are compared as data.
 * @param oid, catalog columns of the row
 */
const ofUserObject = (catalog: string, oid: string): string =>
  `(${oid} >= 16384 or ${catalog} = 'pg_namespace'::regclass and ${oid} = 'public'::regnamespace)
  and ${catalog} <> 'pg_largeobject'::regclass and ${isNoMemberOf(catalog, oid)}`;

/** SQL: DROP SUBSCRIPTION forgets what is said about it, and older servers cannot name what is gone. */
const isNotLeftBehind = (alias: string): string =>
  `(${alias}.classoid <> 'pg_subscription'::regclass
    or ${alias}.objoid in (select view.subid from pg_stat_subscription as view))`;

export const comments: FactQuery = {
  name: "comments",
  sql: () => `select d.classoid as classid, d.objoid as objid, d.objsubid, 'comment' as aspect, d.description as value
    from pg_description as d where ${ofUserObject("d.classoid", "d.objoid")} and ${isNotLeftBehind("d")}`,
};

export const securityLabels: FactQuery = {
  name: "security labels",
  sql: () => `select l.classoid as classid, l.objoid as objid, l.objsubid, 'label of ' || l.provider as aspect, l.label as value
    from pg_seclabel as l where ${ofUserObject("l.classoid", "l.objoid")} and ${isNotLeftBehind("l")}`,
};
