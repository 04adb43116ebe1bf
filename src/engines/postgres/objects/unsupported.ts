import { BackupError } from "../../../core/backup-error.ts";
import { firstNormalOid } from "./catalog-reader.ts";
import type { RunQuery } from "./shared-facts.ts";

/** Objects of a user's own that no object type here can dump. */
export interface UnsupportedObjects {
  readonly count: number;
  /** At most {@link namedObjects}. Binary strings: `operator public.+(a,b)`. */
  readonly names: readonly string[];
}

/** How many objects an error names. */
const namedObjects = 20;

/** A catalogue that holds such objects. An object type that learns to dump them takes its line away. */
interface UnsupportedCatalog {
  /** Of the system catalogue, with the alias `c`. */
  readonly table: string;
  /** Which rows, where not all user objects in it are meant. */
  readonly where?: string;
  /** Column with the schema; without it, everything that initdb did not make is a user's own. */
  readonly schema?: string;
}

const catalogs: readonly UnsupportedCatalog[] = [
  { table: "pg_class", schema: "relnamespace", where: "c.relkind = 'f'" },
];

/** Looks for user objects that no object type handles. One query. */
export async function findUnsupportedObjects(run: RunQuery): Promise<UnsupportedObjects> {
  const found = [...catalogs.map(catalogQuery), securityLabelQuery].join(" UNION ALL ");
  const rows = await run(
    "SELECT pg_catalog.count(*) OVER () AS count, COALESCE(o.type || ' ' || o.identity, " +
      "u.classid::pg_catalog.regclass::pg_catalog.text || ' ' || u.objid) AS name " +
      `FROM (${found}) AS u CROSS JOIN LATERAL pg_catalog.pg_identify_object(u.classid, u.objid, 0) AS o ` +
      `ORDER BY 2 LIMIT ${namedObjects}`,
  );
  return { count: Number(rows[0]?.count ?? 0), names: rows.map((row) => row.name!) };
}

/**
 * Refuses a database with objects that a backup could not hold: nothing is ever left out silently.
 * @param decode turns a name as the server's bytes into text.
 * @throws BackupError UNSUPPORTED_OBJECT
 */
export async function refuseUnsupportedObjects(run: RunQuery, decode: (name: string) => string): Promise<void> {
  const { count, names } = await findUnsupportedObjects(run);
  if (count === 0) return;
  throw new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `the database has ${count === 1 ? "an object" : `${count} objects`} that cannot be backed up yet`,
    details: [...names.map(decode), ...(count > names.length ? [`and ${count - names.length} more`] : [])],
    hint: "back up this database with pg_dump, or drop what is listed if nobody needs it",
  });
}

/** Whether an object comes with another one: a member with its extension, the cast to a multirange with its range. */
const comesWithAnother = (classId: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = ${classId} AND m.objid = ${oid} AND m.deptype IN ('e', 'i'))`;

function catalogQuery({ table, schema, where }: UnsupportedCatalog): string {
  const classId = `'pg_catalog.${table}'::pg_catalog.regclass`;
  const isUsers =
    schema === undefined
      ? `c.oid >= ${firstNormalOid}`
      : `c.${schema} NOT IN (SELECT s.oid FROM pg_catalog.pg_namespace s WHERE s.nspname IN ` +
        "('pg_catalog', 'information_schema') OR s.nspname ~ '^pg_(toast|temp)')";
  return (
    `SELECT ${classId}::pg_catalog.oid AS classid, c.oid AS objid FROM pg_catalog.${table} c ` +
    `WHERE ${isUsers} AND NOT ${comesWithAnother(classId, "c.oid")}${where === undefined ? "" : ` AND ${where}`}`
  );
}

const securityLabelQuery =
  "SELECT c.classoid AS classid, c.objoid AS objid FROM pg_catalog.pg_seclabel c " +
  `WHERE NOT ${comesWithAnother("c.classoid", "c.objoid")}`;
