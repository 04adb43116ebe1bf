import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type ServerAddress, serverSql } from "./postgres-server.ts";
import { sqlRequests } from "./sql-fixture.ts";
import { quoteIdentifier, type TestDatabase, withDatabase } from "./test-database.ts";

const ZOO_FOLDER = join(import.meta.dirname, "..", "fixtures", "zoo");
/** Roles and tablespaces, which all databases of a server share. */
const GLOBALS_FILE = "00-globals.sql";
/** Settings and privileges of the database itself, which a copy of it does not get. */
const DATABASE_FILE = "99-database.sql";
/** Filling a database takes seconds, copying it a fraction of one. */
const TEMPLATE = "zoo_template";

/** Tablespaces without a folder of their own to create: they lie inside the data directory. */
const SESSION = { allow_in_place_tablespaces: "on" };

/** duplicate_object, and unique_violation where two files create the same role at the same moment. */
const ALREADY_THERE = /^(Error: )?(42710|23505)/;

/** A new database with the whole zoo of tests/fixtures/zoo. */
export async function loadZoo(server: ServerAddress, name?: string): Promise<TestDatabase> {
  const found = await serverSql(server, `SELECT 1 AS x FROM pg_database WHERE datname = '${TEMPLATE}'`);
  if (found.length === 0) await makeTemplate(server);
  const database = await withDatabase(server, name, TEMPLATE);
  try {
    await runFile(database, DATABASE_FILE);
    return database;
  } catch (error) {
    await database.drop();
    throw error;
  }
}

/** The roles and tablespaces of the zoo, for a server that a backup of it is restored on. */
export async function loadZooGlobals(server: ServerAddress): Promise<void> {
  await using database = await withDatabase(server);
  await runFile(database, GLOBALS_FILE);
}

async function makeTemplate(server: ServerAddress): Promise<void> {
  await using database = await withDatabase(server);
  const files = readdirSync(ZOO_FOLDER).filter((file) => file.endsWith(".sql") && file !== DATABASE_FILE);
  for (const file of files) await runFile(database, file);
  // A test file that was quicker has made the same one.
  const rename = `ALTER DATABASE ${quoteIdentifier(database.name)} RENAME TO ${TEMPLATE}`;
  await serverSql(server, rename).catch((error: unknown) => {
    if (!`${error}`.includes("42P04")) throw error;
  });
}

async function runFile(database: TestDatabase, file: string): Promise<void> {
  const { server, name } = database;
  for (const request of sqlRequests(join(ZOO_FOLDER, file), server.major, name)) {
    await serverSql(server, request, name, SESSION).catch((error: unknown) => {
      if (file === GLOBALS_FILE && ALREADY_THERE.test(`${error}`)) return;
      throw new Error(`${file}: ${error}`, { cause: error });
    });
  }
}
