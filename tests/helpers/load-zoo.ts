import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type ServerAddress, serverSql } from "./postgres-server.ts";
import { sqlRequests } from "./sql-fixture.ts";
import { type TestDatabase, withDatabase } from "./test-database.ts";

const ZOO_FOLDER = join(import.meta.dirname, "..", "fixtures", "zoo");
const GLOBALS_FILE = "00-globals.sql";

/** Tablespaces without a folder of their own to create: they lie inside the data directory. */
const SESSION = { allow_in_place_tablespaces: "on" };

/** duplicate_object, and unique_violation where two files create the same role at the same moment. */
const ALREADY_THERE = /^(Error: )?(42710|23505)/;

/** A new database with the whole zoo of tests/fixtures/zoo. */
export async function loadZoo(server: ServerAddress, name?: string): Promise<TestDatabase> {
  const database = await withDatabase(server, name);
  try {
    for (const file of readdirSync(ZOO_FOLDER).filter((entry) => entry.endsWith(".sql"))) {
      for (const request of sqlRequests(join(ZOO_FOLDER, file), server.major, database.name)) {
        try {
          await serverSql(server, request, database.name, SESSION);
        } catch (error) {
          if (file !== GLOBALS_FILE || !ALREADY_THERE.test(`${error}`))
            throw new Error(`${file}: ${error}`, { cause: error });
        }
      }
    }
    return database;
  } catch (error) {
    await database.drop();
    throw error;
  }
}
