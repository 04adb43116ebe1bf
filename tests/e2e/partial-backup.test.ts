import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, dropDatabase, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const role = "partial_backup_reader";
let database: TestDatabase;
let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;

beforeAll(async () => {
  folder = await withTemporaryFolder();
  database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE SCHEMA app; CREATE SCHEMA secret;
    CREATE TABLE app.orders (id serial PRIMARY KEY, what text);
    CREATE TABLE app.log AS SELECT i FROM generate_series(1, 100) i;
    CREATE TABLE secret.keys AS SELECT 1 AS k;
    CREATE FUNCTION secret.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    INSERT INTO app.orders (what) SELECT md5(i::text) FROM generate_series(1, 1000) i;
    SELECT lo_from_bytea(0, 'large');
    DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN;
    GRANT USAGE ON SCHEMA app TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA app TO ${role};
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA app TO ${role}`);
});

afterAll(async () => {
  await database.drop();
  rmSync(folder.path, { recursive: true });
});

function backup(name: string, ...args: string[]) {
  const url = databaseUrl(database.server, database.name, role);
  return dbbackup([
    "backup",
    "single",
    database.name,
    "--url",
    url,
    "--json",
    "--progress",
    "none",
    `--output=${join(folder.path, name)}`,
    ...args,
  ]);
}

test("a part is backed up with no rights on the rest, says what it lacks, and can be verified, compared and restored", async () => {
  const path = join(folder.path, "app.dump");
  const made = await backup("app.dump", "--schema=app", "--exclude-table-data=app.log");
  expect(made.stderr.toString()).toBe("");
  expect(made.status).toBe(0);
  const metadata = JSON.parse(made.stdout.toString());
  expect(metadata.partial).toEqual(["--schema=app", "--exclude-table-data=app.log"]);
  expect(metadata.objects.map(({ name, rows }: { name: string; rows: number }) => [name, rows])).toEqual([
    ["orders", 1000],
  ]);
  const missing = Object.fromEntries(
    metadata.not_included.map((item: { kind: string; count: number; examples: string[] }) => [
      item.kind,
      item.examples,
    ]),
  );
  expect(missing).toMatchObject({
    "unselected-relations": ["secret.keys"],
    "unselected-routines": ["secret.f"],
    "unselected-rows": ["app.log"],
    "large-objects": [expect.stringMatching(/^\d+$/)],
  });

  expect((await dbbackup(["verify", path])).status).toBe(0);
  const compared = await dbbackup(["compare", database.url, path]);
  expect([compared.status, compared.stdout.toString()]).toEqual([
    0,
    expect.stringContaining("--exclude-table-data=app.log"),
  ]);
  const target = `${database.name}_part`;
  try {
    const restored = await dbbackup(["restore", "single", path, "--url", database.url, "--target", target, "--create"]);
    expect(restored.stderr.toString()).toContain(
      "the backup holds a part of its database only: it was made with --schema=app",
    );
    expect(restored.status).toBe(0);
  } finally {
    await dropDatabase(database.server, target);
  }
});

test("show says that a backup is a part", async () => {
  expect((await backup("one.dump", "-t", "app.log")).status).toBe(0);
  const shown = await dbbackup(["show", join(folder.path, "one.dump")]);
  expect(shown.stdout.toString()).toContain("partial    --table=app.log");
});

test("what contradicts itself or does not exist is refused, and nothing is left", async () => {
  expect(await backup("x.dump", "-b", "-B")).toMatchObject({ status: 2 });
  const unknown = await backup("x.dump", "-t", "app.none");
  expect([unknown.status, unknown.stdout.toString()]).toEqual([1, expect.stringContaining("app.none")]);
  expect(await backup("x.dump", "--filter=none.txt")).toMatchObject({ status: 1 });
});

test.each(["custom", "directory", "plain"])(
  "INSERT statements in format %s are verified, compared and restored",
  async (format) => {
    const path = join(folder.path, `inserts-${format}`);
    const url = ["--url", database.url];
    const made = await dbbackup([
      "backup",
      "single",
      database.name,
      ...url,
      "-F",
      format,
      "--rows-per-insert=300",
      "--json",
      "--progress=none",
      `--output=${path}`,
    ]);
    expect(made.status).toBe(0);
    const orders = JSON.parse(made.stdout.toString()).objects.find(({ name }: { name: string }) => name === "orders");
    expect(orders).toMatchObject({ rows: 1000, rows_as: "inserts" });
    expect(await dbbackup(["verify", path])).toMatchObject({ status: 0 });
    expect(await dbbackup(["compare", database.url, path])).toMatchObject({ status: 0 });
    const target = `${database.name}_i_${format}`;
    try {
      const restored = await dbbackup(["restore", "single", path, ...url, "--target", target, "--create"]);
      expect([restored.status, restored.stderr.toString()]).toEqual([0, expect.anything()]);
      const compared = await dbbackup(["compare", database.url, databaseUrl(database.server, target)]);
      expect([compared.status, compared.stdout.toString()]).toEqual([0, expect.anything()]);
    } finally {
      await dropDatabase(database.server, target);
    }
  },
);
