import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { connectTo } from "../helpers/dump-to-memory.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { requireRoot, withSmallDisk } from "../helpers/small-disk.ts";
import { startStandby } from "../helpers/standby.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { quoteIdentifier, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const bigTable =
  "CREATE TABLE big AS SELECT i, md5(i::text) || md5((i + 1)::text) AS hash FROM generate_series(1, 200000) i";
const bigBytes = 13_000_000;

/** Copied for each test: that is quicker than to make the table again. */
let template: TestDatabase;
beforeAll(async () => {
  template = await withDatabase(await sharedServer(18));
  await template.sql(bigTable);
});
afterAll(() => template?.drop());

function withBigTable(): Promise<TestDatabase> {
  return withDatabase(template.server, undefined, quoteIdentifier(template.name));
}

function backupArgs(database: TestDatabase, repo: string, url = database.url): string[] {
  return ["backup", "single", database.name, `--url=${url}`, `--repo=${repo}`];
}

/** Resolves when the backup copies data: its snapshot stands and its locks are taken. */
async function untilCopying(database: TestDatabase): Promise<void> {
  await expect
    .poll(
      () =>
        database.sql(
          "SELECT count(*) > 0 AS yes FROM pg_stat_activity " +
            "WHERE application_name LIKE 'dbbackup %' AND query LIKE 'COPY%' AND datname = current_database()",
        ),
      { interval: 20 },
    )
    .toEqual([{ yes: "t" }]);
}

function urlThrough(proxy: TcpProxy, database: TestDatabase): string {
  return `postgres://postgres@127.0.0.1:${proxy.port}/${encodeURIComponent(database.name)}`;
}

/** A server that gives its bytes slowly, so that there is time to do something to a dump. */
async function slowly(port: number): Promise<TcpProxy> {
  return await TcpProxy.start({ targetPort: port, delayMs: 10 });
}

test("a connection that is cut in mid-dump ends with 1, says where, and leaves nothing", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withBigTable();
  await using proxy = await TcpProxy.start({ targetPort: database.server.port, cutAfterServerBytes: bigBytes / 2 });
  const repo = join(folder.path, "repo");
  const url = urlThrough(proxy, database);
  const { status, stderr } = await dbbackup(backupArgs(database, repo, url));
  expect(status).toBe(1);
  expect(stderr).toMatch(/error: .*connection/i);
  expect(stderr).toMatch(/COPY public\.big/);
  expect(stderr).toMatch(/^hint: /m);
  expect(readdirSync(repo)).toEqual([]);
});

test("a session that an administrator ends in mid-dump ends with 1 and a hint", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withBigTable();
  await using proxy = await slowly(database.server.port);
  const repo = join(folder.path, "repo");
  const url = urlThrough(proxy, database);
  const running = dbbackup(backupArgs(database, repo, url));
  await untilCopying(database);
  await database.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
      "WHERE application_name LIKE 'dbbackup %' AND datname = current_database()",
  );
  const { status, stderr } = await running;
  expect(status).toBe(1);
  expect(stderr).toMatch(/57P01|connection/);
  expect(stderr).toMatch(/^hint: /m);
  expect(readdirSync(repo)).toEqual([]);
});

test("a table dropped in mid-dump is still dumped whole: the drop waits", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withBigTable();
  await database.sql(`CREATE TABLE zz_last (x int); INSERT INTO zz_last VALUES (1), (2)`);
  await using proxy = await slowly(database.server.port);
  const repo = join(folder.path, "repo");
  const url = urlThrough(proxy, database);
  const running = dbbackup([...backupArgs(database, repo, url), "--json"]);
  await untilCopying(database);
  await using other = await connectTo(database.server, database.name);
  const dropped = other.query("DROP TABLE zz_last");
  const waiting = "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
  await expect.poll(() => database.sql(waiting)).toEqual([{ query: "DROP TABLE zz_last" }]);
  proxy.hurry();
  const { status, stdout } = await running;
  await dropped;
  expect(status).toBe(0);
  const { objects } = JSON.parse(stdout.toString()) as { objects: { name: string; rows: number }[] };
  expect(objects.map(({ name, rows }) => [name, rows])).toEqual([
    ["big", 200_000],
    ["zz_last", 2],
  ]);
});

test("tables that come and go while a dump begins are no error", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE stays (x int)");
  const stop = new AbortController();
  const migrating = (async () => {
    await using other = await connectTo(database.server, database.name);
    for (let i = 0; !stop.signal.aborted; i++) {
      await other.query(`CREATE TABLE temporary_${i} (x int)`);
      await sleep(30);
      await other.query(`DROP TABLE temporary_${i}`);
      await sleep(200);
    }
  })();
  const repo = join(folder.path, "repo");
  for (let i = 0; i < 5; i++) {
    const { status, stderr } = await dbbackup(backupArgs(database, repo));
    expect(status, stderr).toBe(0);
  }
  stop.abort();
  await migrating;
});

test("a server that restarts in mid-dump and in mid-restore ends both with 1 and a hint", async () => {
  await using folder = await withTemporaryFolder();
  await using server = await startServer({ major: 18 });
  await using database = await withDatabase(server);
  await database.sql(bigTable);
  const file = join(folder.path, "big.dump");
  await mustDbbackup(["backup", "single", database.name, `--url=${database.url}`, `--output=${file}`]);

  const proxy = await slowly(server.port);
  const url = urlThrough(proxy, database);
  const repo = join(folder.path, "repo");
  const running = dbbackup(backupArgs(database, repo, url));
  await untilCopying(database);
  await server.restart("immediate");
  const dumped = await running;
  await proxy[Symbol.asyncDispose]();
  expect(dumped.status).toBe(1);
  expect(dumped.stderr).toMatch(/^hint: /m);
  expect(readdirSync(repo)).toEqual([]);

  const target = `${database.name}_copy`;
  // The rows pass through this process: they do not arrive while it does not look.
  await using passage = await TcpProxy.start({ targetPort: server.port });
  const restoring = dbbackup([
    "restore",
    "single",
    file,
    `--url=postgres://postgres@127.0.0.1:${passage.port}/postgres`,
    "--target",
    target,
    "--create",
  ]);
  await expect
    .poll(() => database.sql("SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE 'COPY public.big%'"), {
      interval: 5,
    })
    .toEqual([{ n: "1" }]);
  await server.restart("immediate");
  const restored = await restoring;
  expect(restored.status).toBe(1);
  expect(restored.stderr).toMatch(/incomplete|dropped again|not complete/i);
});

test("a full disk below the repository ends with 1, names it, and leaves nothing", async (context) => {
  requireRoot(context);
  await using folder = await withTemporaryFolder();
  await using database = await withBigTable();
  const repo = join(folder.path, "small");
  mkdirSync(repo);
  await using _ = await withSmallDisk(repo, "2m");
  const { status, stderr } = await dbbackup([...backupArgs(database, repo), "--compression", "none"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/no space left|full/i);
  expect(stderr).toMatch(/^hint: /m);
  expect(readdirSync(repo)).toEqual([]);
});

test("a full disk below the target ends a restore with 1 and names the target as incomplete", async (context) => {
  requireRoot(context);
  await using folder = await withTemporaryFolder();
  await using server = await startServer({ major: 18 });
  await server.sql("CREATE DATABASE source");
  await server.sql(bigTable, "source");
  const file = join(folder.path, "big.dump");
  await mustDbbackup(["backup", "single", "source", `--url=${server.url()}`, `--output=${file}`]);
  // The server runs as another user, and must get in.
  chmodSync(folder.path, 0o755);
  const space = join(folder.path, "small");
  mkdirSync(space);
  const disk = await withSmallDisk(space, "14m,uid=65534,gid=65534,mode=0700");
  try {
    await server.sql(`CREATE TABLESPACE small LOCATION '${space}'`);
    await server.sql("CREATE DATABASE target TABLESPACE small");
    const args = ["restore", "single", file, `--url=${server.url()}`, "--target", "target"];
    const { status, stderr } = await dbbackup(args);
    expect(status).toBe(1);
    expect(stderr).toMatch(/No space left on device/);
    expect(stderr).toMatch(/incomplete/);
    expect(stderr).toMatch(/^hint: /m);
    await server.sql("DROP DATABASE target WITH (FORCE)");
    await server.sql("DROP TABLESPACE small");
  } finally {
    await server.halt("immediate");
    await disk[Symbol.asyncDispose]();
  }
});

test("a standby that must replay changes cancels the dump: 1, and the settings to change", async () => {
  await using folder = await withTemporaryFolder();
  await using primary = await startServer({ major: 18, settings: { wal_level: "replica", max_wal_senders: "4" } });
  await using database = await withDatabase(primary);
  await database.sql(bigTable);
  await using standby = await startStandby(primary, { max_standby_streaming_delay: "0" });
  await using proxy = await slowly(standby.port);
  const repo = join(folder.path, "repo");
  const url = urlThrough(proxy, database);
  const running = dbbackup(backupArgs(database, repo, url));
  const copying = "SELECT count(*) > 0 AS yes FROM pg_stat_activity WHERE query LIKE 'COPY%'";
  await expect.poll(() => standby.sql(copying), { interval: 20 }).toEqual([{ yes: "t" }]);
  await database.sql("DROP TABLE big");
  const { status, stderr } = await running;
  expect(status).toBe(1);
  expect(stderr).toMatch(/conflict with recovery/);
  expect(stderr).toMatch(/max_standby_streaming_delay/);
  expect(readdirSync(repo)).toEqual([]);
});
