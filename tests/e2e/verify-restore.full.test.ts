import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheFolder } from "../helpers/cache-folder.ts";
import { repairHashes, withoutEntries } from "../helpers/change-archive.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { installPostgres } from "../helpers/postgres-packages.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { damageOf, prove } from "../helpers/prove.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { databaseUrl, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let server: ServerAddress;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v-"));
  chmodSync(folder, 0o755);
  server = await sharedServer(18);
});

afterAll(() => rmSync(folder, { recursive: true }));

test.each([10, 11, 12, 13, 14, 15, 16, 17, 18] as const)("the zoo of PostgreSQL %i, in all formats", async (major) => {
  await installPostgres(major);
  await using zoo = await loadZoo(await sharedServer(major));
  const env = { TMPDIR: folder, XDG_CACHE_HOME: dirname(cacheFolder()) };
  for (const format of ["custom", "directory", "tar", "plain"]) {
    const path = join(folder, `zoo-${major}-${format}`);
    await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, "--format", format, "--output", path]);
    const { status, stdout, stderr } = await dbbackup(["verify", path, "--restore", "--json"], { env });
    const [result] = JSON.parse(stdout.toString());
    expect([stderr, status, result.damage]).toEqual([expect.any(String), 0, []]);
    expect(result.server.version).toMatch(new RegExp(`^${major}\\.`));
  }
});

test("an empty database, and one with a hostile name", async () => {
  await using empty = await withDatabase(server, `a"b'c; DROP DATABASE postgres; -- ${randomBytes(3).toString("hex")}`);
  const path = join(folder, "hostile");
  await mustDbbackup(["backup", "single", empty.name, "--url", empty.url, "--output", path]);
  expect(damageOf(await prove(server, path))).toEqual([]);
});

test.each(["LATIN1", "SQL_ASCII", "EUC_JP"])("a database in %s, as an archive and as a script", async (encoding) => {
  await using other = await withDatabase(
    server,
    undefined,
    "template0",
    `ENCODING '${encoding}' LOCALE_PROVIDER libc LOCALE 'C'`,
  );
  await other.sql(
    encoding === "LATIN1"
      ? `CREATE TABLE "ä" ("ö" text); INSERT INTO "ä" VALUES ('ü')`
      : "CREATE TABLE t AS SELECT 'x' AS x",
  );
  for (const format of ["custom", "plain"]) {
    const path = join(folder, `${encoding}-${format}`);
    await mustDbbackup(["backup", "single", other.name, "--url", other.url, "--format", format, "--output", path]);
    expect(damageOf(await prove(server, path))).toEqual([]);
    expect(
      damageOf(
        await prove(server, path, {
          interfere: 'DELETE FROM pg_class WHERE relname = $$t$$; DROP TABLE IF EXISTS "ä"',
        }),
      ),
    ).not.toEqual([]);
  }
});

test("each database of a cluster is restored, and what is wrong with one is told with its name", async () => {
  await using one = await withDatabase(server, "verify_cluster_one");
  await one.sql("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  const repository = join(folder, "cluster");
  await mustDbbackup(["backup", "cluster", "--url", one.url, "--database", "verify_cluster_*", "--repo", repository]);
  const args = [
    "verify",
    "latest:cluster",
    "--repo",
    repository,
    "--restore",
    "--server",
    databaseUrl(server, "postgres"),
    "--json",
  ];
  const { status, stdout } = await dbbackup(args);
  const [result] = JSON.parse(stdout.toString());
  expect([status, result.damage, result.counts]).toMatchObject([0, [], { tables: 1, rows: 2 }]);
  const cluster = readdirSync(repository).find((name) => !name.endsWith(".json"));
  const archive = readdirSync(join(repository, cluster!)).find((name) => name.endsWith(".dump"))!;
  const path = join(repository, cluster!, archive);
  repairHashes(path, await withoutEntries(readFileSync(path), ({ desc }) => desc === "CONSTRAINT"));
  const changedOne = await dbbackup(args);
  expect(changedOne.status).toBe(4);
  expect(JSON.parse(changedOne.stdout.toString())[0].damage).toContainEqual({
    object: expect.stringMatching(/^verify_cluster_one: entries of type CONSTRAINT/),
    message: expect.stringContaining("holds 0 instead of"),
  });
});
