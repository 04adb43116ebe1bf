import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { sqlRequests } from "./sql-fixture.ts";
import type { TestDatabase } from "./test-database.ts";

const folder = join(import.meta.dirname, "..", "fixtures", "relations");

/**
 * Adds tests/fixtures/relations to a database, each file in a schema of its own: what of tables and views is rare or
 * tricky. Owners and grantees are roles that every server has.
 */
export async function loadRelations(database: TestDatabase): Promise<void> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".sql"))) {
    const schema = `"relations-${basename(file, ".sql")}"`;
    for (const request of sqlRequests(join(folder, file), database.server.major, database.name)) {
      await database.sql(`CREATE SCHEMA ${schema};\nSET search_path = ${schema};\n${request}`);
    }
  }
}
