import { type FactQuery, privilegeLines } from "../fact-query.ts";

/** A catalogue with privileges that initdb or extensions may have set. Values are column names and SQL. */
interface PrivilegedCatalog {
  readonly catalog: string;
  readonly acl: string;
  readonly owner: string;
  /** Kind for acldefault(). */
  readonly kind: string;
  /** The schema of the object, where it has one. */
  readonly schema?: string;
}

const catalogs: readonly PrivilegedCatalog[] = [
  {
    catalog: "pg_class",
    acl: "relacl",
    owner: "relowner",
    kind: "case when o.relkind = 'S' then 's' else 'r' end",
    schema: "relnamespace",
  },
  { catalog: "pg_proc", acl: "proacl", owner: "proowner", kind: "'f'", schema: "pronamespace" },
  { catalog: "pg_type", acl: "typacl", owner: "typowner", kind: "'T'", schema: "typnamespace" },
  { catalog: "pg_namespace", acl: "nspacl", owner: "nspowner", kind: "'n'", schema: "oid" },
  { catalog: "pg_language", acl: "lanacl", owner: "lanowner", kind: "'l'" },
  { catalog: "pg_foreign_data_wrapper", acl: "fdwacl", owner: "fdwowner", kind: "'F'" },
];

/**
 * Privileges of system objects and of members of extensions, where they are no longer those that they were made with.
 * They belong to the database's own state; a dump holds them, too.
 */
export const changedPrivileges: FactQuery = {
  name: "changed privileges",
  sql: () =>
    catalogs
      .map(
        ({
          catalog,
          acl,
          owner,
          kind,
          schema,
        }) => `select '${catalog}'::regclass::oid as classid, o.oid as objid, 0 as objsubid,
          'changed privileges' as aspect, ${privilegeLines(`coalesce(o.${acl}, base.acl)`)} as value
        from ${catalog} as o
        left join pg_init_privs as made on made.classoid = '${catalog}'::regclass and made.objoid = o.oid and made.objsubid = 0
        cross join lateral (select coalesce(made.initprivs, acldefault((${kind})::"char", o.${owner})) as acl) as base
        where o.${acl} is not null
        ${schema === undefined ? "" : `and o.${schema} not in ('public'::regnamespace, 'information_schema'::regnamespace)`}
        and (o.oid < 16384 or exists (select from pg_depend as d
          where d.classid = '${catalog}'::regclass and d.objid = o.oid and d.deptype = 'e'))
        and ${privilegeLines(`o.${acl}`)} is distinct from ${privilegeLines("base.acl")}`,
      )
      .join("\nunion all\n"),
};
