import { BackupError } from "../../../core/backup-error.ts";
import { parseTextArray } from "../sql/pg-array.ts";
import type { RunQuery } from "./catalog-queries.ts";
import { firstNormalOid } from "./catalog-reader.ts";
import { everything, type ObjectSelection } from "./object-selection.ts";

/** Objects of a user's own that no object type here can dump: what a newer server has learnt meanwhile. */
export interface UnsupportedObjects {
  readonly count: number;
  /** At most {@link namedObjects}. Binary strings. */
  readonly names: readonly string[];
}

/** How many objects an error names. */
const namedObjects = 20;

/**
 * Catalogues whose objects the object types know, as objects of their own or as part of others. An object in any other
 * one that has an owner or depends on something is not known.
 */
const knownCatalogs = [
  "pg_am",
  "pg_amop",
  "pg_amproc",
  "pg_attrdef",
  "pg_cast",
  "pg_class",
  "pg_collation",
  "pg_constraint",
  "pg_conversion",
  "pg_default_acl",
  "pg_event_trigger",
  "pg_extension",
  "pg_foreign_data_wrapper",
  "pg_foreign_server",
  "pg_language",
  "pg_largeobject",
  "pg_namespace",
  "pg_opclass",
  "pg_operator",
  "pg_opfamily",
  "pg_policy",
  "pg_proc",
  "pg_publication",
  "pg_publication_namespace",
  "pg_publication_rel",
  "pg_rewrite",
  "pg_statistic_ext",
  "pg_subscription",
  "pg_transform",
  "pg_trigger",
  "pg_ts_config",
  "pg_ts_dict",
  "pg_ts_parser",
  "pg_ts_template",
  "pg_type",
  "pg_user_mapping",
];

/** `pg_class.relkind`; c, i, I and t come with types, indexes and tables. */
const knownRelationKinds = ["c", "f", "i", "I", "m", "p", "r", "S", "t", "v"];

/** `pg_type.typtype` */
const knownTypeKinds = ["b", "c", "d", "e", "m", "p", "r"];

/**
 * Looks for user objects that no object type handles, and that a backup of the selection would have to hold. What lies in
 * no schema belongs to backups of everything. One query.
 */
export async function findUnsupportedObjects(
  run: RunQuery,
  selection: ObjectSelection = everything,
): Promise<UnsupportedObjects> {
  const rows = await run(
    `SELECT schema, pg_catalog.count(*) AS count, (pg_catalog.array_agg(name ORDER BY name))[1:${namedObjects}] AS names FROM ` +
      `(SELECT u.name, pg_catalog.max(u.schema) AS schema FROM (${unsupportedQuery}) AS u (name, schema) GROUP BY 1) AS o ` +
      "GROUP BY 1",
  );
  const wanted = rows.filter(({ schema }) =>
    schema === null ? selection.isEverything : selection.contentsOf(schema!).definition,
  );
  return {
    count: wanted.reduce((sum, { count }) => sum + Number(count), 0),
    names: wanted
      .flatMap(({ names }) => parseTextArray(names!))
      .toSorted()
      .slice(0, namedObjects),
  };
}

/**
 * Refuses a database with objects that a backup could not hold: nothing is ever left out silently.
 * @param decode turns a name as the server's bytes into text.
 * @throws BackupError UNSUPPORTED_OBJECT
 */
export function refuseUnsupportedObjects(found: UnsupportedObjects, decode: (name: string) => string): void {
  const { count, names } = found;
  if (count === 0) return;
  throw new BackupError({
    code: "UNSUPPORTED_OBJECT",
    isForOthers: true,
    message: `the database has ${count === 1 ? "an object" : `${count} objects`} that cannot be backed up yet`,
    details: [...names.map(decode), ...(count > names.length ? [`and ${count - names.length} more`] : [])],
    hint: "back up this database with pg_dump (--engine tools), or drop what is listed if nobody needs it",
  });
}

const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(", ");

/** By name, because not every server has every catalogue. The functions that name objects fail for unknown ones. */
const unknownCatalog = (catalog: "pg_depend" | "pg_shdepend", schema: string, condition: string): string =>
  `SELECT c.relname || ' ' || found.objid, found.schema FROM pg_catalog.pg_class c CROSS JOIN LATERAL ` +
  // Looked up for each of these few catalogues: there are twenty rows for each table of a user, all of known ones.
  `(SELECT d.objid, ${schema} AS schema FROM pg_catalog.${catalog} d ` +
  `WHERE d.classid = c.oid AND d.objid >= ${firstNormalOid} AND ${condition} OFFSET 0) AS found ` +
  `WHERE c.oid < ${firstNormalOid} AND c.relkind = 'r' AND c.relname NOT IN (${quoted(knownCatalogs)})`;

const schemaName = (oid: string): string =>
  `(SELECT n.nspname::text FROM pg_catalog.pg_namespace n WHERE n.oid = ${oid})`;

/** Objects depend on the schema that they lie in. */
const schemaOfDependency = schemaName("d.refobjid AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass");

const unsupportedQuery = [
  // Members of extensions and what comes with another object are not a user's own.
  unknownCatalog("pg_depend", schemaOfDependency, "d.deptype NOT IN ('e', 'i', 'P', 'S')"),
  unknownCatalog(
    "pg_shdepend",
    "NULL::text",
    "d.dbid = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())",
  ),
  `SELECT 'relation ' || r.oid::pg_catalog.regclass, ${schemaName("r.relnamespace")} FROM pg_catalog.pg_class r ` +
    `WHERE r.oid >= ${firstNormalOid} AND r.relkind NOT IN (${quoted(knownRelationKinds)})`,
  `SELECT 'type ' || t.oid::pg_catalog.regtype, ${schemaName("t.typnamespace")} FROM pg_catalog.pg_type t ` +
    `WHERE t.oid >= ${firstNormalOid} AND t.typtype NOT IN (${quoted(knownTypeKinds)})`,
  // A label that somebody gave to what comes with an extension.
  "SELECT 'security label of ' || c.relname || ' ' || l.objoid, NULL FROM pg_catalog.pg_seclabel l JOIN pg_catalog.pg_class c " +
    "ON c.oid = l.classoid WHERE EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = l.classoid " +
    "AND m.objid = l.objoid AND m.deptype = 'e')",
].join(" UNION ALL ");
