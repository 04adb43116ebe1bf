import type { RestoreRequest } from "../../../ports/restore.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { ownerStatement } from "../archive/owned-object.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.ts";
import {
  createDatabaseSql,
  type DatabaseDefinition,
  parseDatabaseDefinition,
  renameDatabase,
} from "./database-definition.ts";
import { failureOf } from "./failure-log.ts";

export interface TargetCreation {
  /** A session in another database that speaks Unicode. */
  readonly connection: PgConnection;
  readonly request: RestoreRequest;
  readonly target: string;
  readonly decode: NameDecoder;
  /** DATABASE and DATABASE PROPERTIES of the archive, as far as there are any. */
  readonly entries: readonly TocEntry[];
  /** `client_encoding` of the backup, for one that does not describe its database. */
  readonly encoding: string;
  /** Told as soon as the database exists. */
  readonly onCreated: () => void;
}

/**
 * Creates the target database as the archive describes it: encoding, locale, owner, settings. With `clean` a database of
 * that name is dropped before.
 */
export async function createTarget(creation: TargetCreation): Promise<void> {
  const { connection, request, target, decode, entries } = creation;
  const run = async (sql: string): Promise<void> => {
    try {
      await connection.query(sql.trimEnd());
    } catch (error) {
      throw failureOf(error, { object: `DATABASE "${target}"`, sql }, (text) => text);
    }
  };
  const database = entries.find(({ desc }) => desc === "DATABASE");
  if (request.isThere !== true) await createDatabase(creation, database, run);
  for (const entry of entries) {
    const rename = (sql: string): string => renameDatabase(decode(sql), decode(database?.tag ?? entry.tag), target);
    if (entry.desc === "DATABASE PROPERTIES") await run(rename(entry.definition ?? ""));
    const owner = request.noOwner ? undefined : ownerStatement(entry);
    if (owner !== undefined) await run(rename(owner));
  }
}

async function createDatabase(
  { connection, request, target, decode, encoding, onCreated }: TargetCreation,
  database: TocEntry | undefined,
  run: (sql: string) => Promise<void>,
): Promise<void> {
  if (request.clean) await run(`DROP DATABASE IF EXISTS ${quoteIdentifier(target)}`);
  const major = Math.floor(connection.serverVersion / 10_000);
  const definition = database === undefined ? undefined : parseDatabaseDefinition(decode(database.definition ?? ""));
  await run(createDatabaseSql(definition ?? (await emptyDatabase(connection, encoding)), target, major));
  onCreated();
}

/**
 * A database for text of this encoding. A server whose own databases are UTF8 holds all of it, and needs no locale that
 * fits another encoding.
 */
async function emptyDatabase(connection: PgConnection, encoding: string): Promise<DatabaseDefinition> {
  const { rows } = await connection.query(
    "SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname = 'template0'",
  );
  const options = new Map([["TEMPLATE", "template0"]]);
  if (rows[0]?.[0] !== "UTF8" || encoding === "SQL_ASCII") options.set("ENCODING", quoteLiteral(encoding));
  return { options };
}
