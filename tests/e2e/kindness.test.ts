import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const RATE = 1_048_576;

let database: TestDatabase;
beforeAll(async () => {
  database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE large AS SELECT i, repeat(md5(i::text), 30) AS x FROM generate_series(1, 3000) i");
  await database.sql("VACUUM ANALYZE large");
  await database.sql("SELECT lo_from_bytea(0, decode(repeat('ab', 200000), 'hex'))");
});
afterAll(() => database?.drop());

const backup = (output: string, ...more: string[]): string[] => backupFrom(database.url, output, ...more);

function backupFrom(url: string, output: string, ...more: string[]): string[] {
  return ["backup", "single", database.name, `--url=${url}`, `--output=${output}`, ...more];
}

interface Metadata {
  readonly duration_seconds: number;
  readonly objects: readonly { readonly bytes: number; readonly checksum?: string }[];
  readonly consistency: Readonly<Record<string, unknown>>;
}

const metadataOf = (output: string): Metadata => JSON.parse(readFileSync(`${output}.meta.json`, "utf8")) as Metadata;

test("--max-rate holds for all connections and large objects together, and changes nothing of what is read", async () => {
  await using folder = await withTemporaryFolder();
  const [fast, slow] = [join(folder.path, "fast.dump"), join(folder.path, "slow.dump")];
  await mustDbbackup(backup(fast));
  const split = ["--jobs=3", "--split-larger-than=64K"];
  const { stdout, stderr } = await mustDbbackup(backup(slow, `--max-rate=${RATE}`, "--progress=plain", ...split));
  const { objects, duration_seconds } = metadataOf(slow);
  expect(objects).toEqual(metadataOf(fast).objects);
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  // Nobody waits behind the last piece that a connection reads, and the first tenth of a second is free.
  expect(duration_seconds).toBeGreaterThan((bytes - 3 * 262_144) / RATE - 0.1);
  expect(stdout.toString()).toMatch(/snapshot {2}open for \d\.\d s, vacuum held back by \d+ transactions?\n/);
  expect(stderr).toMatch(/copying data: about \d\.\d MiB, at least \d\.\d s/);
});

test("a backup tells how long its snapshot was open and what vacuum had to keep for it", async () => {
  await using folder = await withTemporaryFolder();
  const output = join(folder.path, "a.dump");
  const [before] = await database.sql("SELECT txid_current()::text AS xid");
  // What it is told passes through this process: its snapshot is not closed while nobody looks.
  await using proxy = await TcpProxy.start({ targetPort: database.server.port });
  const url = databaseUrl({ ...database.server, port: proxy.port }, database.name);
  const running = mustDbbackup(backupFrom(url, output, "--max-rate=1M", "--progress=json"));
  const sessions = `SELECT pid FROM pg_stat_activity WHERE datname = '${database.name}' AND backend_xmin IS NOT NULL
    AND query LIKE 'COPY%'`;
  await expect.poll(() => database.sql(sessions), { interval: 20 }).not.toEqual([]);
  for (let i = 0; i < 7; i++) await database.sql("SELECT txid_current()");
  const { stderr } = await running;
  const { consistency, duration_seconds } = metadataOf(output);
  const xmin = Number(consistency["snapshot_xmin"]);
  expect(xmin).toBeGreaterThan(Number(before!["xid"]));
  expect(consistency["snapshot_transactions"]).toBeGreaterThanOrEqual(7);
  expect(consistency["snapshot_seconds"]).toBeGreaterThan(0.5);
  expect(consistency["snapshot_seconds"]).toBeLessThan(duration_seconds);
  const events = stderr.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as object] : []));
  expect(events).toContainEqual(expect.objectContaining({ event: "snapshot", xmin: String(xmin) }));
});

test("--max-duration gives a backup up: nothing is left of it, neither here nor on the server", async () => {
  await using folder = await withTemporaryFolder();
  const output = join(folder.path, "late.dump");
  const { status, stderr } = await dbbackup(backup(output, "--max-rate=64K", "--max-duration=2s", "--jobs=2"));
  expect(stderr).toContain(`the backup of "${database.name}" was given up after 2 s, the longest that it may take`);
  expect(stderr).toContain("--max-rate");
  expect(status).toBe(1);
  expect(existsSync(output)).toBe(false);
  expect(readdirSync(folder.path)).toEqual([]);
  const sessions = `SELECT application_name FROM pg_stat_activity WHERE datname = '${database.name}'
    AND application_name LIKE 'dbbackup%'`;
  await expect.poll(() => database.sql(sessions)).toEqual([]);
  await mustDbbackup(backup(output, "--max-duration=1h"));
});

test("--max-duration gives the backup of a cluster up as a whole", async () => {
  await using folder = await withTemporaryFolder();
  const how = ["backup", "cluster", `--url=${database.url}`, `--database=${database.name}`, `--repo=${folder.path}`];
  const { status, stderr } = await dbbackup([...how, "--max-rate=64K", "--max-duration=2s"]);
  expect(stderr).toContain("the backup of the cluster was given up after 2 s");
  expect(status).toBe(1);
  expect(readdirSync(folder.path)).toEqual([]);
  const never = await dbbackup([...how, "--max-duration=30d"]);
  expect([never.status, never.stderr]).toEqual([2, expect.stringContaining("at most 2147483")]);
});
