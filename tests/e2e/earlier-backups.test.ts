import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { dbbackupHere } from "../helpers/dbbackup-here.ts";
import { describeEarlier, encryptEarlier, writeEarlierInfo } from "../helpers/earlier-backups.ts";
import { mysqlSql, mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withMysqlShop } from "../helpers/mysql-shop.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";
import { type ServerAddress, startServer } from "../helpers/postgres-server.ts";
import { mustRun } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, dropDatabase, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const tools = stock(15);
let server: ServerAddress;
beforeAll(async () => {
  server = await sharedServer(15);
});

/** Of several records when it is encrypted. */
const tables = `CREATE TABLE item (id int PRIMARY KEY, name text, noise text);
  INSERT INTO item SELECT i, 'item ' || i, md5(i::text) || md5((i + 1)::text) || md5((i + 2)::text) FROM generate_series(1, 3000) i;
  CREATE VIEW few AS SELECT * FROM item WHERE id < 10`;

async function withItems(): Promise<TestDatabase> {
  const database = await withDatabase(server);
  await database.sql(tables);
  return database;
}

async function dumpInto(folder: string, database: TestDatabase): Promise<string> {
  const path = join(folder, `db_${database.name}_20251120_101530.dump`);
  await tools.must("pg_dump", ["-d", database.url, "--format=custom", "--compress=0", `--file=${path}`]);
  return path;
}

interface Said {
  readonly status: number | null;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a command prints as JSON
  readonly json: any;
}

async function run(...args: string[]): Promise<Said> {
  const { status, stdout, stderr } = await dbbackupHere([...args, "--json", "--quiet"]);
  const text = stdout.toString();
  return { status, stderr, json: text === "" ? undefined : JSON.parse(text) };
}

/** Restores a backup into a database of its own, and compares that with its source. */
async function comesBack(source: TestDatabase, ...args: string[]): Promise<void> {
  const target = `${source.name}_back`;
  await using _ = { [Symbol.asyncDispose]: () => dropDatabase(server, target) };
  const restored = await run(
    "restore",
    "single",
    ...args,
    "--url",
    databaseUrl(server, "postgres"),
    "--target",
    target,
    "--create",
  );
  expect([restored.stderr, restored.status]).toEqual(["", 0]);
  const compared = await run("compare", source.url, databaseUrl(server, target));
  expect(compared.json).toMatchObject({ equal: true, rows_compared: 3000 });
}

/** What verifications leave beside a backup is ours. */
const namesOf = (folder: string) => readdirSync(folder).filter((name) => !name.endsWith(".verify.json"));
const contentsOf = (folder: string) =>
  Object.fromEntries(
    namesOf(folder).map((name) => [
      name,
      `${statSync(join(folder, name)).mtimeMs} ${readFileSync(join(folder, name)).toString("base64")}`,
    ]),
  );

test("a dump of dbbackup 2 is listed, shown, verified and restored, and nothing of it changes", async () => {
  await using folder = await withTemporaryFolder();
  await using source = await withItems();
  const path = await dumpInto(folder.path, source);
  describeEarlier(path, { database: source.name, databaseType: "postgres" });
  const before = contentsOf(folder.path);
  const repo = ["--repo", folder.path];

  const listed = await run("list", ...repo);
  expect([listed.status, listed.stderr]).toEqual([0, ""]);
  expect(listed.json).toMatchObject([
    { database: source.name, backup_type: "full", timestamp: "2025-11-20T09:15:30.123Z" },
  ]);
  const table = await dbbackupHere(["list", ...repo]);
  expect(table.stdout.toString()).toContain("full, dbbackup 2-3");
  const { id } = listed.json[0];
  expect((await run("show", id, ...repo)).json).toMatchObject({ id, host: "db1.example", compression: "gzip-6" });
  expect((await dbbackupHere(["show", id, ...repo])).stdout.toString()).toContain("written by dbbackup 2-3");
  expect((await run("verify", id, ...repo)).json).toMatchObject([{ status: "ok", damage: [], notes: [] }]);
  await comesBack(source, `latest:${source.name}`, ...repo);
  const admin = databaseUrl(server, "postgres");
  const proved = await run("verify", id, "--restore", "--server", admin, "--no-record", ...repo);
  expect(proved.json).toMatchObject([{ status: "ok", counts: { tables: 1, rows: 3000 } }]);

  const cleaned = await run("cleanup", "--retention-days", "1", "--confirm", ...repo);
  expect([cleaned.status, JSON.stringify(cleaned.json)]).toEqual([0, expect.stringContaining("left alone")]);
  expect(contentsOf(folder.path)).toEqual(before);
  const deleted = await run("cloud", "delete", id, "--confirm", ...repo);
  expect(deleted.status).not.toBe(0);
  expect(contentsOf(folder.path)).toEqual(before);

  const flipped = readFileSync(path);
  flipped[flipped.length >> 1]! ^= 1;
  writeFileSync(path, flipped);
  const found = await run("verify", path);
  expect(found.status).toBe(4);
  expect(found.json[0].damage[0].message).toContain("SHA-256");
});

test("one of dbbackup 1 has an .info only; a .sha256 beside it counts", async () => {
  await using folder = await withTemporaryFolder();
  await using source = await withItems();
  const path = await dumpInto(folder.path, source);
  writeEarlierInfo(path, { database: source.name, databaseType: "postgres" });
  const listed = await run("list", "--repo", folder.path);
  expect(listed.json).toMatchObject([{ database: source.name, version: "1", size_bytes: statSync(path).size }]);
  const { id } = listed.json[0];
  const verified = await run("verify", id, "--repo", folder.path);
  expect(verified.json).toMatchObject([{ status: "ok", notes: [expect.stringContaining("no hash")] }]);
  await comesBack(source, path);
  writeFileSync(`${path}.sha256`, `${"0".repeat(64)}  ${path}\n`);
  expect((await run("verify", id, "--repo", folder.path)).status).toBe(4);
  writeFileSync(`${path}.sha256`, "nothing");
  expect((await run("verify", path)).json[0].damage).toMatchObject([{ message: "it holds no SHA-256" }]);
});

test("what dbbackup 2 encrypted opens with its key only, and is checked as it was before", async () => {
  await using folder = await withTemporaryFolder();
  await using source = await withItems();
  const path = await dumpInto(folder.path, source);
  describeEarlier(path, { database: source.name, databaseType: "postgres" });
  const key = randomBytes(32);
  encryptEarlier(path, key);
  const encrypted = readFileSync(path);
  expect(encrypted.length).toBeGreaterThan(3 * 65536);
  const keyFiles = {
    base64: join(folder.path, "base64.key"),
    raw: join(folder.path, "raw.key"),
    wrong: join(folder.path, "wrong.key"),
  };
  writeFileSync(keyFiles.base64, `${key.toString("base64")}\n`, { mode: 0o600 });
  writeFileSync(keyFiles.raw, key, { mode: 0o600 });
  writeFileSync(keyFiles.wrong, randomBytes(32), { mode: 0o600 });

  const listed = await run("list", "--repo", folder.path);
  expect([listed.status, listed.stderr]).toEqual([0, ""]);
  const verify = (...more: string[]) => run("verify", path, ...more);
  expect(await verify()).toMatchObject({
    status: 1,
    json: [{ error: { message: expect.stringContaining("no key was given") } }],
  });
  expect(await verify("--key-file", keyFiles.wrong)).toMatchObject({ status: 1 });
  for (const file of [keyFiles.base64, keyFiles.raw]) {
    expect(await verify("--key-file", file)).toMatchObject({
      status: 0,
      json: [{ status: "ok", damage: [], notes: [] }],
    });
  }
  expect((await verify("--key-file", keyFiles.raw, "--quick")).json).toMatchObject([{ status: "ok", level: "quick" }]);
  await comesBack(source, path, "--key-file", keyFiles.raw);

  // Behind two whole records: the old format itself cannot tell.
  const cut = encrypted.subarray(0, 12 + 2 * (4 + 65536 + 16));
  for (const bytes of [cut, encrypted.subarray(0, -1), changed(encrypted, 100_000), changed(encrypted, 14)]) {
    writeFileSync(path, bytes);
    const result = await verify("--key-file", keyFiles.base64);
    expect([4, 1]).toContain(result.status);
  }
  writeFileSync(path, cut);
  expect((await verify("--key-file", keyFiles.base64)).json[0].damage[0].message).toContain("bytes instead of");

  // Without anything beside it, only the key tells what it is, and nothing where it ends.
  for (const suffix of [".meta.json", ".info", ".sha256"]) rmSync(path + suffix);
  writeFileSync(path, encrypted);
  const alone = await verify("--key-file", keyFiles.base64);
  expect(alone).toMatchObject({ status: 0, json: [{ status: "ok" }] });
  expect(alone.json[0].notes.join(" ")).toContain("does not mark where a file ends");
  await comesBack(source, path, "--key-file", keyFiles.base64);
});

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

test("the archive of a server comes back, a database of it, and never what leads out of it", async () => {
  await using folder = await withTemporaryFolder();
  await using own = await startServer({ major: 15 });
  for (const name of ["shop", "books"]) {
    await own.sql(`CREATE DATABASE ${name}`);
    await own.sql(tables, name);
  }
  await own.sql("CREATE ROLE clerk; GRANT CONNECT ON DATABASE shop TO clerk");
  await own.sql("GRANT SELECT ON item TO clerk", "shop");
  const work = join(folder.path, "work");
  mkdirSync(join(work, "dumps"), { recursive: true });
  const globals = await tools.must("pg_dumpall", ["-d", own.url(), "--globals-only"]);
  writeFileSync(join(work, "globals.sql"), globals.stdout);
  await tools.must("pg_dump", ["-d", own.url("shop"), "--format=custom", `--file=${join(work, "dumps", "shop.dump")}`]);
  const script = await tools.must("pg_dump", ["-d", own.url("books"), "--format=plain"]);
  writeFileSync(join(work, "dumps", "books.sql.gz"), gzipSync(script.stdout));
  const repo = join(folder.path, "repo");
  mkdirSync(repo);
  const path = join(repo, "cluster_20251120_101530.tar.gz");
  await mustRun("tar", ["-czf", path, "-C", work, "."]);
  describeEarlier(path, { database: "", databaseType: "postgres", kind: "cluster", databases: ["shop", "books"] });

  expect((await run("list", "--repo", repo)).json).toMatchObject([{ database: "cluster", scope: "cluster" }]);
  expect((await run("verify", "latest:cluster", "--repo", repo)).json).toMatchObject([
    { status: "ok", databases: 2, damage: [], notes: [] },
  ]);
  expect((await run("restore", "single", path, "--target", "shop")).stderr).toContain("restore cluster");

  await using target = await startServer({ major: 15 });
  const one = await run("restore", "cluster", path, "--database", "books", "--url", target.url());
  expect([one.stderr, one.status]).toEqual(["", 0]);
  expect((await run("compare", own.url("books"), target.url("books"))).json).toMatchObject({ equal: true });
  await target.sql("DROP DATABASE books");
  // As it was stored: encrypted, and with nothing beside it.
  const key = join(folder.path, "old.key");
  writeFileSync(key, randomBytes(32), { mode: 0o600 });
  encryptEarlier(path, readFileSync(key));
  const whole = await run("restore", "cluster", path, "--key-file", key, "--url", target.url(), "--confirm");
  expect([whole.stderr, whole.status]).toEqual([expect.any(String), 0]);
  for (const name of ["shop", "books"]) {
    expect((await run("compare", own.url(name), target.url(name))).json, name).toMatchObject({ equal: true });
  }
  expect(await target.sql("SELECT has_database_privilege('clerk', 'shop', 'CONNECT') AS may")).toEqual([{ may: "t" }]);

  const bare = join(folder.path, "bare.tar.gz");
  await mustRun("tar", ["-czf", bare, "-C", work, "."]);
  const dry = await run("restore", "cluster", bare, "--dry-run", "--clean", "--url", target.url());
  expect([dry.stderr, dry.status]).toEqual(["", 0]);
  expect(JSON.stringify(dry.json)).toContain('database \\"shop\\"');

  await mustRun("tar", ["-czf", bare, "-C", work, "--transform", "s,^./globals,./../globals,", "."]);
  expect((await run("restore", "cluster", bare, "--dry-run", "--url", target.url())).stderr).toContain(
    "leads elsewhere",
  );
  const broken = readFileSync(join(work, "dumps", "shop.dump"));
  writeFileSync(join(work, "dumps", "shop.dump"), broken.subarray(0, broken.length >> 1));
  await mustRun("tar", ["-czf", path, "-C", work, "."]);
  describeEarlier(path, {
    database: "",
    databaseType: "postgres",
    kind: "cluster",
    databases: ["shop", "books", "gone"],
  });
  const damaged = await run("verify", path);
  expect(damaged.status).toBe(4);
  expect(damaged.json[0].damage).toMatchObject([{ object: expect.stringContaining("dumps/shop.dump") }]);
});

test("a script of MySQL's family that dbbackup 2 compressed comes back", async () => {
  await using folder = await withTemporaryFolder();
  const mysql = await sharedMysql("mariadb-10.11");
  await using shop = await withMysqlShop(mysql);
  const path = join(folder.path, `db_${shop.name}_20251120_101530.sql.gz`);
  const options = ["--single-transaction", "--routines", "--triggers", "--events", shop.name];
  writeFileSync(path, gzipSync((await mustMysqlStock("dump", mysql, options)).stdout));
  describeEarlier(path, { database: shop.name, databaseType: "mariadb" });
  expect((await run("verify", path)).json).toMatchObject([{ status: "ok", damage: [] }]);
  const target = `${shop.name}_back`;
  await using _ = {
    [Symbol.asyncDispose]: async () => void (await mysqlSql(mysql, `DROP DATABASE IF EXISTS ${target}`)),
  };
  const restored = await run(
    "restore",
    "single",
    `latest:${shop.name}`,
    "--repo",
    folder.path,
    "--url",
    mysqlUrl(mysql),
    "--target",
    target,
    "--create",
  );
  expect(restored.status, restored.stderr).toBe(0);
  expect((await run("compare", mysqlUrl(mysql, shop.name), mysqlUrl(mysql, target))).json).toMatchObject({
    equal: true,
  });
});
