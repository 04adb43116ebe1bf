import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { stock } from "../helpers/stock-tools.ts";

let folder: string;
let server: PostgresServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-cluster-"));
  server = await startServer({ major: 18 });
  await server.sql("CREATE ROLE plain LOGIN");
  for (const name of ["shop", "Shop", "globals", 'we"ird é', "closed"]) {
    await server.sql(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
  }
  await server.sql("CREATE TABLE orders (id int); INSERT INTO orders VALUES (1), (2)", "shop");
  await server.sql("ALTER DATABASE closed ALLOW_CONNECTIONS false");
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function backup(repo: string, ...args: readonly string[]) {
  return dbbackup(["backup", "cluster", "--url", server.url(), "--repo", join(folder, repo), "--json", ...args]);
}

function namesOf(document: { databases: { name: string }[] }): string[] {
  return document.databases.map(({ name }) => name);
}

test("a cluster's backup is a folder of globals and archives; list, show and verify know it", async () => {
  const { status, stdout } = await backup("whole");
  expect(status).toBe(0);
  const metadata = JSON.parse(stdout.toString());
  expect(namesOf(metadata)).toEqual(["template1", "Shop", "globals", "postgres", "shop", 'we"ird é']);
  expect(metadata).toMatchObject({ database: "cluster", scope: "cluster", format: "custom", globals: { roles: 2 } });
  expect(metadata.not_included).toContainEqual(
    expect.objectContaining({ kind: "closed-databases", examples: ["closed"] }),
  );
  const repo = join(folder, "whole");
  expect(readdirSync(repo).toSorted()).toEqual([metadata.backup_file, `${metadata.backup_file}.meta.json`]);
  expect(readdirSync(join(repo, metadata.backup_file)).filter((name) => !name.endsWith(".meta.json"))).toEqual([
    "Shop.dump",
    "globals.dump",
    "globals.sql",
    "postgres.dump",
    "shop-2.dump",
    "template1.dump",
    "we%22ird%20%C3%A9.dump",
  ]);
  const list = JSON.parse((await mustDbbackup(["list", "--repo", repo, "--json"])).stdout.toString());
  expect(list).toEqual([metadata]);
  const shown = (await mustDbbackup(["show", metadata.id, "--repo", repo])).stdout.toString();
  expect(shown).toContain("2 roles, 0 tablespaces, 6 databases");
  const verified = await mustDbbackup(["verify", "latest:cluster", "--repo", repo, "--json"]);
  expect(JSON.parse(verified.stdout.toString())).toMatchObject([{ status: "ok", databases: 6, damage: [] }]);

  const archive = join(repo, metadata.databases.find(({ name }: { name: string }) => name === "shop").artifact);
  const listing = await stock(18).must("pg_restore", ["-l", archive]);
  expect(listing.stdout.toString()).toContain("TABLE DATA public orders");
  const single = await dbbackup(["restore", "single", metadata.id, "--repo", repo, "--target", "x", "--create"]);
  expect(single).toMatchObject({ status: 2, stderr: expect.stringContaining("restore cluster") });
  const bytes = readFileSync(archive);
  bytes[bytes.length - 40]! ^= 1;
  writeFileSync(archive, bytes);
  const damaged = await dbbackup(["verify", metadata.id, "--repo", repo, "--json"]);
  expect(damaged.status).toBe(4);
  expect(JSON.parse(damaged.stdout.toString())[0].damage[0].object).toMatch(/shop-2\.dump$/);
});

test("a damaged cluster is refused before anything is touched, and verify says where", async () => {
  const repo = join(folder, "damaged");
  const metadata = JSON.parse((await backup("damaged", "--database", "shop")).stdout.toString());
  const [script, archive] = [metadata.globals.artifact, metadata.databases[0].artifact].map((name) => join(repo, name));
  const restore = (...args: readonly string[]) =>
    dbbackup(["restore", "cluster", "latest:cluster", "--url", server.url(), "--repo", repo, ...args]);
  const verify = async () => {
    const { status, stdout } = await dbbackup(["verify", "latest:cluster", "--repo", repo, "--json"]);
    expect(status).toBe(4);
    return JSON.parse(stdout.toString())[0].damage;
  };
  expect((await restore("--dry-run")).stdout.toString()).toContain('database "shop" exists already');

  const text = readFileSync(script!, "utf8");
  writeFileSync(script!, text.replace("CREATE ROLE plain;", "CREATE ROLE thief;"));
  expect(await restore("--confirm", "--globals-only")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("nothing was touched"),
  });
  expect(await server.sql("SELECT 1 FROM pg_roles WHERE rolname = 'thief'")).toEqual([]);
  expect(await verify()).toEqual([{ object: metadata.globals.artifact, message: expect.stringContaining("SHA-256") }]);
  writeFileSync(script!, text);

  const described = readFileSync(`${archive}.meta.json`);
  rmSync(`${archive}.meta.json`);
  expect(await restore("--confirm", "--clean")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("nothing was touched"),
  });
  expect(await verify()).toEqual([{ object: expect.stringContaining(".meta.json"), message: expect.any(String) }]);
  writeFileSync(`${archive}.meta.json`, described);

  rmSync(archive!);
  expect(await verify()).toEqual([{ object: metadata.databases[0].artifact, message: "the file is missing" }]);
  const listed = await dbbackup(["list", "--repo", repo]);
  expect(listed).toMatchObject({ status: 3, stderr: expect.stringContaining("is missing") });
});

test("databases are chosen by psql's patterns", async () => {
  const chosen = await backup("chosen", "--database", "sh*", "--database", '"Shop"', "--exclude-database", "SHOP");
  expect(namesOf(JSON.parse(chosen.stdout.toString()))).toEqual(["Shop"]);
  const none = await backup("chosen", "--database", "nothing*");
  expect(none).toMatchObject({ status: 1, stderr: expect.stringContaining('matches "nothing*"') });
  const tar = await backup("tar", "--database", "sh*", "--format", "tar");
  const { databases, backup_file: tarFolder } = JSON.parse(tar.stdout.toString());
  expect(databases).toMatchObject([{ name: "shop", rows: 2, artifact: `${tarFolder}/shop.tar` }]);
  await mustDbbackup(["verify", "latest:cluster", "--repo", join(folder, "tar")]);
  const sql = await backup("tar", "--format", "sql");
  expect(sql).toMatchObject({ status: 2, stderr: expect.stringContaining("--format custom, directory or tar") });
  const globals = await backup("chosen", "--globals-only", "--no-role-passwords");
  const metadata = JSON.parse(globals.stdout.toString());
  expect(metadata.databases).toEqual([]);
  expect(metadata.not_included.map(({ kind }: { kind: string }) => kind)).toEqual(
    expect.arrayContaining(["databases", "role-passwords"]),
  );
});

test("what is left out is said, in the metadata of the cluster and of each database", async () => {
  await server.sql("COMMENT ON ROLE plain IS 'said'");
  const filter = join(folder, "filter");
  writeFileSync(filter, "exclude database globals\nexclude database we*\n");
  const { stdout } = await backup("parts", "--schema-only", "--no-comments", "--filter", filter);
  const metadata = JSON.parse(stdout.toString());
  expect(namesOf(metadata)).toEqual(["template1", "Shop", "postgres", "shop"]);
  expect(metadata.partial).toEqual(["--schema-only", "--no-comments"]);
  const inRepo = (name: string): string => readFileSync(join(folder, "parts", name), "utf8");
  const shop = metadata.databases.find(({ name }: { name: string }) => name === "shop");
  expect(JSON.parse(inRepo(`${shop.artifact}.meta.json`))).toMatchObject({
    part_of: metadata.id,
    partial: ["--schema-only", "--no-comments"],
    objects: [],
  });
  expect(inRepo(metadata.globals.artifact)).not.toContain("said");
});

test("with --role everything is read as that role", async () => {
  const { status, stdout, stderr } = await backup("role", "--role", "plain", "--database", "shop");
  expect(stderr).toContain('role "plain" may not read pg_authid');
  // It may not read the table of the only database either, and then there is nothing to keep.
  expect({ status, error: JSON.parse(stdout.toString()).error.message }).toMatchObject({
    status: 1,
    error: expect.stringContaining("orders"),
  });
});

test("a backup that is killed with -9 leaves nothing that is listed, and the next one sweeps it", async () => {
  const repo = join(folder, "killed");
  const start = ["backup", "cluster", "--url", server.url(), "--repo", repo, "--progress", "json"];
  const child = spawn(process.execPath, [await builtProgram(), ...start], { stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (text.includes("(4 of ")) child.kill("SIGKILL");
  });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  expect(readdirSync(repo)).toEqual([expect.stringMatching(/^\.tmp-/)]);
  expect(JSON.parse((await mustDbbackup(["list", "--repo", repo, "--json"])).stdout.toString())).toEqual([]);
  const { stdout } = await backup("killed");
  const { backup_file: name } = JSON.parse(stdout.toString());
  expect(readdirSync(repo).toSorted()).toEqual([name, `${name}.meta.json`]);
});

test("a database that cannot be dumped makes the backup partial, and names it", async () => {
  await server.sql("CREATE TABLE secret (x int)", "Shop");
  const login = ["--url", server.url("postgres", "plain"), "--repo", join(folder, "partial")];
  const { status, stdout, stderr } = await dbbackup([
    "backup",
    "cluster",
    ...login,
    "--json",
    "--exclude-database=shop",
  ]);
  expect(status).toBe(3);
  const metadata = JSON.parse(stdout.toString());
  expect(metadata.failed_databases).toEqual([{ name: "Shop", message: expect.stringContaining("secret") }]);
  expect(namesOf(metadata)).toEqual(["template1", "globals", "postgres", 'we"ird é']);
  expect(stderr).toContain("may not read pg_authid");
  const files = readdirSync(join(folder, "partial", metadata.backup_file));
  expect(files.filter((name) => name.startsWith("Shop"))).toEqual([]);
  expect(files).toHaveLength(metadata.artifacts.length);
  const list = (await mustDbbackup(["list", "--repo", join(folder, "partial")])).stdout.toString();
  expect(list).toContain("full, cluster, partial");
});

test("what is no script of a cluster is refused by restore cluster", async () => {
  const restore = (file: string) => dbbackup(["restore", "cluster", join(folder, file), "--url", server.url()]);
  await stock(18).must("pg_dump", ["-Fc", "-f", join(folder, "one.dump"), server.url("shop")]);
  expect(await restore("one.dump")).toMatchObject({ status: 2, stderr: expect.stringContaining("restore single") });
  await stock(18).must("pg_dump", ["-f", join(folder, "one.sql"), server.url("shop")]);
  expect(await restore("one.sql")).toMatchObject({ status: 1, stderr: expect.stringContaining("script of globals") });
  writeFileSync(join(folder, "all.sql.gz"), gzipSync("CREATE ROLE x;"));
  expect(await restore("all.sql.gz")).toMatchObject({ status: 2, stderr: expect.stringContaining("decompress it") });
});

test("a script of the cluster goes to standard output alone, and ends with the first database that fails", async () => {
  const script = (...args: readonly string[]) =>
    dbbackup(["backup", "cluster", "--url", server.url(), "--format", "plain", ...args]);
  const whole = await script("--output", "-", "--exclude-database", "we*");
  expect(whole).toMatchObject({ status: 0 });
  expect(whole.stdout.toString()).toMatch(/^--\n-- PostgreSQL database cluster dump\n--\n/);
  expect(whole.stdout.toString()).toMatch(/\n-- PostgreSQL database cluster dump complete\n--\n\n$/);
  const globals = await script("--output", "-", "--globals-only");
  expect(globals.stdout.toString()).toContain("CREATE ROLE plain;");
  expect(globals.stdout.toString()).not.toContain("CREATE DATABASE");
  for (const [args, message] of [
    [[], "goes to standard output"],
    [["--output", join(folder, "all.sql")], "goes to standard output"],
    [["--output", "-", "--json"], "both want stdout"],
    [["--output", "-", "--compression", "gzip"], "is not compressed here"],
  ] as const) {
    expect(await script(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  }
  await server.sql("CREATE TABLE hidden (x int); REVOKE ALL ON hidden FROM PUBLIC", "shop");
  const cut = ["backup", "cluster", "--url", server.url("postgres", "plain"), "--format=plain", "--output=-"];
  const failed = await dbbackup([...cut, "--database=shop"]);
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining("hidden") });
  expect(failed.stdout.toString()).not.toContain("cluster dump complete");
});
