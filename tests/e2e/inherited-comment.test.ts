import { join } from "node:path";
import { expect, test } from "vitest";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const children = 40;

/**
 * Children that come before the parent by name; each comments what it gets with the parent's constraint. That one has to
 * wait for an index, so that comments which wait for nothing would come before it.
 */
const schema = `
  CREATE TABLE parent (a int);
  INSERT INTO parent SELECT generate_series(1, 50000);
  CREATE INDEX ON parent (a);
  ${Array.from({ length: children }, (_, n) => `CREATE TABLE child${n} () INHERITS (parent);`).join("\n")}
  CREATE TABLE below () INHERITS (child1, child2);
  ALTER TABLE parent ADD CONSTRAINT unchecked CHECK (a <> 4) NOT VALID;
  ${Array.from({ length: children }, (_, n) => `COMMENT ON CONSTRAINT unchecked ON child${n} IS 'of ${n}';`).join("\n")}
  COMMENT ON CONSTRAINT unchecked ON below IS 'of both';
`;

test.each([10, 18] as const)("comments on inherited constraints of PostgreSQL %i wait for them", async (major) => {
  const server = await sharedServer(major);
  await using source = await withDatabase(server);
  await using target = await withDatabase(server);
  await using folder = await withTemporaryFolder();
  await source.sql(schema);
  const archive = join(folder.path, "comments.dump");
  await mustDbbackup(["backup", "single", source.name, "--url", source.url, "--output", archive]);
  await mustDbbackup(["restore", "single", archive, "--url", target.url, "--target", target.name, "--confirm"]);
  expect(await comments(target)).toBe(await comments(source));
  expect(await comments(target)).toContain("of both");
});

test("an archive of pg_dump, where they name nothing to wait for, is restored in its order", async () => {
  const server = await sharedServer(18);
  await using source = await withDatabase(server);
  await using target = await withDatabase(server);
  await using folder = await withTemporaryFolder();
  // By the names of the tables pg_dump would put the comments first.
  await source.sql(schema.replaceAll("parent", "a_parent"));
  const archive = join(folder.path, "comments.dump");
  await stock(18).must("pg_dump", ["-Fc", "--file", archive, source.url]);
  await mustDbbackup([
    "restore",
    "single",
    archive,
    "--url",
    target.url,
    "--target",
    target.name,
    "--confirm",
    "--jobs",
    "4",
  ]);
  expect(await comments(target)).toBe(await comments(source));
});

async function comments(database: TestDatabase): Promise<string> {
  const { stdout } = await stock(18).must("pg_dump", ["--restrict-key=comments", "--schema-only", database.url]);
  return stdout
    .toString("latin1")
    .split("\n")
    .filter((line) => line.startsWith("COMMENT "))
    .toSorted()
    .join("\n");
}
