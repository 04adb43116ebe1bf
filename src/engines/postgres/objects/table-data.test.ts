import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareWithStock, ourEntries } from "../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withTemporaryFolder } from "../../../../tests/helpers/temporary-folder.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";

const script = `
  CREATE TABLE z_master (id int PRIMARY KEY, name text);
  CREATE TABLE a_detail (id int REFERENCES z_master, "User's" boolean DEFAULT true);
  CREATE TABLE internal (x int);
  CREATE SEQUENCE numbers;
  CREATE POLICY internal_policy ON internal USING (true);
  SELECT pg_catalog.pg_extension_config_dump('z_master', '');
  SELECT pg_catalog.pg_extension_config_dump('a_detail', 'WHERE "User''s"');
  SELECT pg_catalog.pg_extension_config_dump('numbers', '');
`;

test("an extension's configuration tables are dumped with the user's rows, what they refer to first", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  await mkdir(join(folder, "extension"));
  await chmod(folder, 0o755);
  await writeFile(join(folder, "extension", "configured.control"), "default_version = '1'\nrelocatable = false\n");
  await writeFile(join(folder, "extension", "configured--1.sql"), script);
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(`
      SET extension_control_path = '${folder}:$system';
      CREATE SCHEMA kept; CREATE EXTENSION configured SCHEMA kept;
      CREATE VIEW of_member AS SELECT * FROM kept.z_master;
      CREATE TABLE child (y int) INHERITS (kept.internal);
      CREATE INDEX on_member ON kept.internal (x);
      CREATE TABLE refers (id int REFERENCES kept.z_master);
    `);

  const { entries } = await ourEntries(database);
  const data = entries.filter((entry) => entry.section === "data" && entry.namespace === "kept");
  expect(data.map((entry) => entry.tag)).toEqual(["z_master", "a_detail", "numbers"]);
  expect(data.map((entry) => (entry.data?.kind === "copy" ? entry.data.sql : undefined))).toEqual([
    "COPY kept.z_master (id, name) TO stdout (FORMAT binary)",
    `COPY (SELECT id, "User's" FROM kept.a_detail WHERE "User's") TO stdout`,
    undefined,
  ]);
  // Stock pg_dump leaves this out, so its parallel restore may load the two at the same time.
  expect(data[1]!.dependencies).toContain(data[0]!.dumpId);

  const { ours, stocks } = await compareWithStock(database);
  expect(ours.map(withoutDependencies)).toEqual(stocks.map(withoutDependencies));
});

function withoutDependencies(text: string): string {
  return text.replace(/^after .*$/m, "");
}
