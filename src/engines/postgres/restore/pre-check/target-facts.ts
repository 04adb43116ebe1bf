import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { PgConnection } from "../../../../wire/postgres/connection.ts";

/** What a pre-check asks the target server. All names are Unicode. */
export interface TargetFacts {
  readonly major: number;
  readonly versionText: string;
  readonly user: string;
  readonly isSuperuser: boolean;
  readonly mayCreateDatabases: boolean;
  readonly roles: ReadonlySet<string>;
  /** Roles whose rights the user has, itself included. */
  readonly memberOf: ReadonlySet<string>;
  readonly databases: ReadonlySet<string>;
  readonly tablespaces: ReadonlySet<string>;
  /** Undefined when the server cannot tell. */
  readonly extensions: ReadonlySet<string> | undefined;
  /** Names in pg_catalog. */
  readonly collations: ReadonlySet<string>;
  /** Locales of the C library that the server knows, normalized. */
  readonly locales: ReadonlySet<string>;
  readonly hasIcu: boolean;
  /** Of the database that was asked. */
  readonly encoding: string;
  readonly serverEncodings: ReadonlySet<string>;
  /** `FROM>TO` of conversions between encodings. */
  readonly conversions: ReadonlySet<string>;
  /** Free bytes where a local server keeps its data; undefined for others. */
  readonly freeBytes: number | undefined;
}

/** What the target database holds already. */
export interface TargetContent {
  /** `schema.name` of tables, views, sequences. */
  readonly relations: ReadonlySet<string>;
  /** Functions, types, extensions, schemas and large objects besides. */
  readonly others: number;
}

const notSystem = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')";

export async function readTargetFacts(connection: PgConnection): Promise<TargetFacts> {
  const names = async (sql: string): Promise<Set<string>> => {
    const { rows } = await connection.query(sql);
    return new Set(rows.map((row) => row[0] ?? ""));
  };
  const { rows } = await connection.query(
    `SELECT current_user, rolsuper, rolsuper OR rolcreatedb, pg_catalog.pg_encoding_to_char(d.encoding)
     FROM pg_catalog.pg_roles, pg_catalog.pg_database d WHERE rolname = current_user AND datname = pg_catalog.current_database()`,
  );
  const [user, isSuperuser, mayCreate, encoding] = rows[0]!;
  const [collationLocales, databaseLocales] = await Promise.all([
    names("SELECT DISTINCT collcollate FROM pg_catalog.pg_collation WHERE collprovider = 'c'"),
    names("SELECT datcollate FROM pg_catalog.pg_database UNION SELECT datctype FROM pg_catalog.pg_database"),
  ]);
  return {
    major: Math.floor(connection.serverVersion / 10_000),
    versionText: connection.serverVersionText,
    user: user!,
    isSuperuser: isSuperuser === "t",
    mayCreateDatabases: mayCreate === "t",
    roles: await names("SELECT rolname FROM pg_catalog.pg_roles"),
    memberOf: await names("SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(oid, 'MEMBER')"),
    databases: await names("SELECT datname FROM pg_catalog.pg_database"),
    tablespaces: await names("SELECT spcname FROM pg_catalog.pg_tablespace"),
    // A broken installation of one extension makes the whole view fail.
    extensions: await names("SELECT name FROM pg_catalog.pg_available_extensions").catch(() => undefined),
    collations: await names(
      "SELECT collname FROM pg_catalog.pg_collation WHERE collnamespace = 'pg_catalog'::pg_catalog.regnamespace",
    ),
    locales: new Set([...collationLocales, ...databaseLocales].map(normalLocale)),
    hasIcu: (await names("SELECT 1 FROM pg_catalog.pg_collation WHERE collprovider = 'i' LIMIT 1")).size > 0,
    encoding: encoding!,
    serverEncodings: await names("SELECT pg_catalog.pg_encoding_to_char(i) FROM pg_catalog.generate_series(0, 34) i"),
    conversions: await names(
      `SELECT pg_catalog.pg_encoding_to_char(conforencoding) || '>' || pg_catalog.pg_encoding_to_char(contoencoding)
       FROM pg_catalog.pg_conversion WHERE condefault`,
    ),
    freeBytes: isSuperuser === "t" ? await freeBytesOf(connection) : undefined,
  };
}

export async function readTargetContent(connection: PgConnection): Promise<TargetContent> {
  const relations = await connection.query(
    `SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname ${notSystem} AND n.nspname !~ '^pg_(temp|toast)_'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
       WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`,
  );
  const others = await connection.query(
    `SELECT (SELECT count(*) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname ${notSystem})
     + (SELECT count(*) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname ${notSystem} AND n.nspname !~ '^pg_(temp|toast)_' AND t.typrelid = 0 AND t.typelem = 0)
     + (SELECT count(*) FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql')
     + (SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname ${notSystem} AND nspname !~ '^pg_' AND nspname <> 'public')
     + (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata)`,
  );
  return { relations: new Set(relations.rows.map((row) => row[0] ?? "")), others: Number(others.rows[0]?.[0]) };
}

/** `en_US.UTF-8` and `en_US.utf8` are the same locale. */
export function normalLocale(name: string): string {
  const [language = "", encoding] = name.split(".");
  return encoding === undefined ? language : `${language}.${encoding.toLowerCase().replaceAll("-", "")}`;
}

/** Only of a server on this machine, whose data folder is there to be looked at. */
async function freeBytesOf(connection: PgConnection): Promise<number | undefined> {
  const { host } = connection;
  const isHere = host.kind === "unix" || /^(localhost|127\.|::1$)/.test(host.address ?? host.host);
  if (!isHere) return undefined;
  try {
    const folder = (await connection.query("SHOW data_directory")).rows[0]?.[0] ?? "";
    await stat(join(folder, "PG_VERSION"));
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // In a container, or not ours to look at: then we do not know.
    return undefined;
  }
}
