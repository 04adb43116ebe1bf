import type { CatalogId } from "../archive/toc-entry.ts";
import { Catalog, type Row, type SharedFacts } from "./catalog-reader.ts";
import { groupBy } from "./group-by.ts";
import type { SecurityLabel } from "./security-label-entry.ts";

/** Runs one catalogue query. */
export type RunQuery = (sql: string) => Promise<Row[]>;

/** Reads what nearly every object type needs. Five queries, whatever the size of the database. */
export async function readSharedFacts(run: RunQuery): Promise<SharedFacts> {
  const databases = await run(
    "SELECT d.oid, d.datname, pg_catalog.pg_get_userbyid(d.datdba) AS owner, " +
      "pg_catalog.pg_is_in_recovery() AS recovery FROM pg_catalog.pg_database d " +
      "WHERE d.datname = pg_catalog.current_database()",
  );
  const roles = await run("SELECT oid, rolname FROM pg_catalog.pg_roles");
  const extensions = await run("SELECT oid, extname FROM pg_catalog.pg_extension");
  const members = await run(
    `SELECT classid, objid, refobjid FROM pg_catalog.pg_depend WHERE deptype = 'e' AND refclassid = ${Catalog.pg_extension}`,
  );
  const initial = await run("SELECT classoid, objoid, objsubid, initprivs FROM pg_catalog.pg_init_privs");

  const database = databases[0]!;
  const roleNames = new Map(roles.map((row) => [Number(row.oid), row.rolname!]));
  const extensionNames = new Map(extensions.map((row) => [Number(row.oid), row.extname!]));
  const memberOf = new Map(members.map((row) => [key(Number(row.classid), Number(row.objid)), Number(row.refobjid)]));
  const initialOf = new Map(
    initial.map((row) => [`${row.classoid}:${row.objoid}:${row.objsubid}`, row.initprivs!] as const),
  );

  const extensionOf: SharedFacts["extensionOf"] = (table, oid) => {
    const extension = memberOf.get(key(table, oid));
    return extension === undefined ? undefined : { oid: extension, name: extensionNames.get(extension) ?? "" };
  };
  return {
    database: { oid: Number(database.oid), name: database.datname!, owner: database.owner! },
    inRecovery: database.recovery === "t",
    roleName: (oid) => roleNames.get(oid) ?? String(oid),
    extensionOf,
    isUserObject: (schema, table, oid) => !isSystemSchema(schema) && extensionOf(table, oid) === undefined,
    initialPrivileges: (table, oid, subId = 0) => initialOf.get(`${table}:${oid}:${subId}`),
  };
}

/** Comments of user objects, of schema public and of large objects, by object and column number. */
export interface Comments {
  on(catalog: CatalogId, subId?: number): string | undefined;
  columns(catalog: CatalogId): readonly number[];
}

export async function readComments(run: RunQuery): Promise<Comments> {
  const rows = await run(
    "SELECT classoid, objoid, objsubid, description FROM pg_catalog.pg_description " +
      `WHERE objoid >= 16384 OR classoid IN (${Catalog.pg_namespace}, ${Catalog.pg_largeobject}) ORDER BY objsubid`,
  );
  const byObject = new Map<string, Map<number, string>>();
  for (const row of rows) {
    const objectKey = key(Number(row.classoid), Number(row.objoid));
    const columns = byObject.get(objectKey) ?? new Map<number, string>();
    columns.set(Number(row.objsubid), row.description!);
    byObject.set(objectKey, columns);
  }
  return {
    on: (catalog, subId = 0) => byObject.get(key(catalog.table, catalog.oid))?.get(subId),
    columns: (catalog) => [...(byObject.get(key(catalog.table, catalog.oid))?.keys() ?? [])].filter((id) => id > 0),
  };
}

/** Security labels by object. One query. */
export async function readSecurityLabels(run: RunQuery): Promise<(catalog: CatalogId) => readonly SecurityLabel[]> {
  const rows = await run(
    "SELECT classoid, objoid, objsubid, provider, label FROM pg_catalog.pg_seclabel ORDER BY objsubid, provider",
  );
  const byObject = groupBy(rows, (row) => key(Number(row.classoid), Number(row.objoid)));
  return (catalog) =>
    (byObject.get(key(catalog.table, catalog.oid)) ?? []).map((row) => ({
      subId: Number(row.objsubid),
      provider: row.provider!,
      label: row.label!,
    }));
}

function isSystemSchema(schema: string | null): boolean {
  return (
    schema === "pg_catalog" || schema === "information_schema" || (schema !== null && /^pg_(toast|temp)/.test(schema))
  );
}

function key(table: number, oid: number): string {
  return `${table}:${oid}`;
}
