import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Check } from "../../src/ports/preflight.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { startRefusingProxy } from "../helpers/refusing-proxy.ts";
import { environmentOf, type S3Server, startS3Server } from "../helpers/s3-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const Bucket = "backups";
let server: S3Server;
let client: S3Client;
let database: TestDatabase;
let folder: string;
let keys: Readonly<Record<string, string>>;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-s3-repository-"));
  server = await startS3Server({ denied: ["s3:DeleteObject"] });
  keys = server.environment;
  env = { ...keys, HOME: "/nonexistent" };
  const { endpoint, credentials } = server;
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  database = await withDatabase(await sharedServer(18));
  // Larger than the first part of an upload, as it is stored.
  await database.sql(`
    CREATE TABLE blobs (id int PRIMARY KEY, hash text NOT NULL, half text);
    INSERT INTO blobs SELECT i, encode(sha256(i::text::bytea), 'hex'), md5(i::text) FROM generate_series(1, 100000) i;
    CREATE TABLE words (word text);
    INSERT INTO words VALUES ('one'), ('two');`);
}, 120_000);
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
  await database.drop();
  rmSync(folder, { recursive: true });
});

function repository(prefix: string): string {
  return `s3://${Bucket}/${prefix}?endpoint=${server.endpoint}&region=us-east-1&path-style=true`;
}

async function stored(prefix: string): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${prefix}/` }));
  expect(await uploads(`${prefix}/`)).toEqual([]);
  return Contents.map(({ Key }) => Key!.slice(prefix.length + 1)).toSorted();
}

async function uploads(Prefix: string) {
  return (await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }))).Uploads ?? [];
}

async function backup(prefix: string, ...args: readonly string[]) {
  const what = ["backup", "single", database.name, "--url", database.url, "--repo", repository(prefix), "--json"];
  return JSON.parse((await mustDbbackup([...what, ...args], { env })).stdout.toString());
}

async function expectSame(restored: TestDatabase): Promise<void> {
  const { stdout } = await mustDbbackup(["compare", database.url, restored.url, "--json"]);
  expect(JSON.parse(stdout.toString())).toMatchObject({ equal: true });
}

test.each([
  ["custom", ["--format", "custom", "--compression", "none"], /\.dump$/],
  ["plain", ["--format", "plain", "--compression", "zstd"], /\.sql\.zst$/],
  ["directory", ["--format", "directory", "--jobs", "2"], /\.dir$/],
])(
  "%s: a backup goes into a bucket, is listed, shown, verified and restored from there",
  async (prefix, args, name) => {
    const made = await backup(prefix, ...args);
    expect(made.backup_file).toMatch(name);
    const files = await stored(prefix);
    const artifacts: string[] = made.artifacts.map((artifact: { name: string }) => artifact.name);
    expect(files).toEqual([...artifacts, `${made.backup_file}.meta.json`].toSorted());
    const repo = ["--repo", repository(prefix)];
    const listed = JSON.parse((await mustDbbackup(["list", ...repo, "--json"], { env })).stdout.toString());
    expect(listed).toEqual([expect.objectContaining({ id: made.id })]);
    const verified = await mustDbbackup(["verify", made.id, ...repo, "--json"], { env });
    expect(JSON.parse(verified.stdout.toString())[0]).toMatchObject({ status: "ok" });
    await using restored = await withDatabase(database.server);
    const target = ["--url", restored.url, "--target", restored.name];
    await mustDbbackup(["restore", "single", `latest:${database.name}`, ...repo, ...target], { env });
    await expectSame(restored);
  },
);

test("what is encrypted arrives encrypted, under its own name", async () => {
  const key = ["--key-file", newKeyFile(join(folder, "backup.key"))];
  const made = await backup("sealed", "--encrypt", ...key);
  const files = await stored("sealed");
  expect(files).toEqual([made.artifacts[0].name, made.artifacts[0].name.replace(/\.enc$/, ".meta.json")].toSorted());
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `sealed/${made.artifacts[0].name}` }));
  const bytes = Buffer.from(await Body!.transformToByteArray());
  expect(bytes.subarray(0, 8).toString()).toBe("DBBKENC1");
  const { stdout } = await mustDbbackup(["verify", made.id, "--repo", repository("sealed"), ...key, "--json"], { env });
  expect(JSON.parse(stdout.toString())[0]).toMatchObject({ status: "ok" });
});

test("keys of a bucket are changed beside what lies there, and once more by encrypting it again", async () => {
  const key = (name: string) => ["--key-file", join(folder, name)];
  for (const name of ["old", "new", "next"]) newKeyFile(join(folder, name));
  const made = await backup("rotated", "--encrypt", ...key("old"), "--format", "directory");
  const repo = ["--repo", repository("rotated")];
  const before = await stored("rotated");
  const rotate = ["keys", "rotate", "--all", ...repo, ...key("old"), "--new-key-file", join(folder, "new")];
  const told = (await mustDbbackup(rotate, { env })).stdout.toString();
  expect(told).toContain("does not revoke");
  const after = await stored("rotated");
  expect(after).toEqual(expect.arrayContaining(before));
  expect(after.filter((name) => name.includes(".keys-"))).toHaveLength(before.length);
  expect(after).toHaveLength(2 * before.length);
  expect((await mustDbbackup(rotate, { env })).stdout.toString()).toContain("has these keys already");
  expect(await stored("rotated")).toEqual(after);
  await mustDbbackup(["verify", made.id, ...repo, ...key("new")], { env });
  expect((await dbbackup(["verify", made.id, ...repo, ...key("next")], { env })).status).toBe(1);

  const again = ["keys", "rotate", "--all", "--re-encrypt", "--remove-old", ...repo, ...key("new")];
  await mustDbbackup([...again, "--new-key-file", join(folder, "next")], { env });
  const listed = JSON.parse(
    (await mustDbbackup(["list", ...repo, ...key("next"), "--json"], { env })).stdout.toString(),
  );
  expect(listed).toEqual([expect.objectContaining({ database: database.name, re_encrypted: expect.anything() })]);
  expect(listed[0].id).not.toBe(made.id);
  // Nothing is left of the old one, its key files included.
  expect(await stored("rotated")).toHaveLength(before.length);
  await using restored = await withDatabase(database.server);
  const target = ["--url", restored.url, "--target", restored.name];
  await mustDbbackup(["restore", "single", listed[0].id, ...repo, ...key("next"), ...target], { env });
  await expectSame(restored);
});

test("a flipped byte in the bucket is found", async () => {
  const made = await backup("flipped");
  const Key = `flipped/${made.artifacts[0].name}`;
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  const bytes = await Body!.transformToByteArray();
  bytes[bytes.length >> 1]! ^= 1;
  await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
  const { status, stdout } = await dbbackup(["verify", made.id, "--repo", repository("flipped"), "--json"], { env });
  expect([status, JSON.parse(stdout.toString())[0].status]).toEqual([4, "damaged"]);
});

test("MariaDB: a directory goes into a bucket and comes back", async () => {
  const address = await sharedMysql("mariadb-11.8");
  await using source = await withMysqlDatabase(address);
  await using target = await withMysqlDatabase(address);
  await source.sql("CREATE TABLE t (id int PRIMARY KEY, what text)");
  await source.sql("INSERT INTO t SELECT seq, REPEAT(MD5(seq), 10) FROM seq_1_to_20000");
  const repo = ["--repo", repository("mariadb")];
  await mustDbbackup(["backup", "single", source.name, "--url", source.url, "--format", "directory", ...repo], { env });
  const restore = ["restore", "single", `latest:${source.name}`, "--url", target.url, "--target", target.name];
  await mustDbbackup([...restore, "--confirm", ...repo], { env });
  const { stdout } = await mustDbbackup(["compare", source.url, target.url, "--json"]);
  expect(JSON.parse(stdout.toString())).toMatchObject({ equal: true });
});

test("a backup that is ended leaves nothing in the bucket, and errors name what is wrong without secrets", async () => {
  const what = ["backup", "single", database.name, "--url", database.url];
  const missing = await dbbackup([...what, "--repo", repository("x").replace(`//${Bucket}/`, "//nowhere/")], { env });
  expect([missing.status, missing.stderr.toString()]).toEqual([1, expect.stringContaining("there is no such bucket")]);
  const nobody = await dbbackup([...what, "--repo", repository("x")], {
    env: { ...env, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
  });
  expect([nobody.status, nobody.stderr.toString()]).toEqual([1, expect.stringContaining("no credentials were found")]);
  const nothing = await dbbackup(
    [...what, "--exclude-table", "blobs", "--table", "none_like_it", "--repo", repository("x")],
    { env },
  );
  expect(nothing.status).toBe(1);
  const foreign = { ...env, AWS_SECRET_ACCESS_KEY: "another-secret" };
  const stranger = await dbbackup([...what, "--repo", repository("x")], { env: foreign });
  expect([stranger.status, stranger.stderr.toString()]).toEqual([
    1,
    expect.stringContaining("the secret key is wrong"),
  ]);
  const said = `${missing.stderr}${nobody.stderr}${nothing.stderr}${stranger.stderr}`;
  expect(said).not.toContain(keys.AWS_SECRET_ACCESS_KEY);
  expect(said).not.toContain("another-secret");
  expect(await stored("x")).toEqual([]);
});

test("a backup that is killed in mid-upload is not listed, and the next run removes what it left", async () => {
  const what = ["backup", "single", database.name, "--url", database.url, "--repo", repository("killed")];
  const args = [await builtProgram(), ...what, "--compression", "none", "--max-rate", "8MB", "--jobs", "1"];
  const running = spawn(process.execPath, args, {
    env: { ...process.env, ...foreignVariables, ...keys, HOME: folder },
    stdio: "ignore",
  });
  const ended = once(running, "exit");
  while ((await uploads("killed/")).length === 0 && running.exitCode === null) await sleep(20);
  running.kill("SIGKILL");
  await ended;
  expect(await uploads("killed/")).toHaveLength(1);
  const listed = await mustDbbackup(["list", "--repo", repository("killed"), "--json"], { env });
  expect(JSON.parse(listed.stdout.toString())).toEqual([]);
  // The same HOME: where it left its lock.
  const next = await mustDbbackup([...what, "--json"], { env: { ...env, HOME: folder } });
  const made = JSON.parse(next.stdout.toString());
  expect(await stored("killed")).toEqual([made.backup_file, `${made.backup_file}.meta.json`]);
});

async function preflight(prefix: string, endpoint: string, bucket = Bucket, variables = env) {
  const repo = `s3://${bucket}/${prefix}?endpoint=${endpoint}&region=us-east-1&path-style=true`;
  const { status, stdout } = await dbbackup(["preflight", "--repo", repo, "--json"], { env: variables });
  const { checks, repository: found } = JSON.parse(stdout.toString());
  const told = checks.map((check: Check) => `${check.name} ${check.status}: ${check.message}`);
  return { status, told: told.join("\n"), ...found };
}

test("preflight tries a bucket: writable, without the right to remove, without any right", async () => {
  const free = await preflight("tried", server.endpoint);
  expect(free).toMatchObject({ status: 0, protection: "none", left: [] });
  expect(free.told).not.toMatch(/ (error|warning):/);
  expect(await stored("tried")).toEqual([]);

  const limited = { ...env, ...environmentOf(server.limited) };
  const kept = await preflight("kept", server.endpoint, Bucket, limited);
  expect(kept).toMatchObject({ status: 0, protection: "no-removal" });
  expect(kept.told).toMatch(/record warning: .* cannot be removed/);
  expect(kept.left.toSorted()).toEqual(await stored("kept"));
  expect(kept.left).toHaveLength(2);

  // As the rights of a writer should be: only the records of its runs may go.
  await using careful = await startRefusingProxy(
    server.port,
    ({ method, url }) => method === "DELETE" && url?.includes("/.tmp-") !== true,
  );
  const added = await preflight("added", careful.endpoint);
  expect(added).toMatchObject({
    status: 0,
    protection: "no-removal",
    left: [expect.stringMatching(/^dbbackup-preflight-/)],
  });
  expect(added.told).toContain("record ok");

  await using closed = await startRefusingProxy(server.port, ({ method }) => method === "PUT");
  const nothing = await preflight("nothing", closed.endpoint);
  expect(nothing).toMatchObject({ status: 1, left: [] });
  expect(nothing.told).toBe("repository error: writing failed: access denied");
});

test("preflight finds versions, and object lock", async () => {
  await client.send(new CreateBucketCommand({ Bucket: "versioned" }));
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket: "versioned", VersioningConfiguration }));
  expect(await preflight("x", server.endpoint, "versioned")).toMatchObject({
    status: 0,
    protection: "versions",
    left: [],
  });

  await client.send(new CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
  const ObjectLockConfiguration = {
    ObjectLockEnabled: "Enabled",
    Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 3 } },
  } as const;
  await client.send(new PutObjectLockConfigurationCommand({ Bucket: "locked", ObjectLockConfiguration }));
  const locked = await preflight("x", server.endpoint, "locked");
  expect(locked).toMatchObject({ status: 0, protection: "locked" });
  expect(locked.told).toMatch(/object lock: .* kept until 20/);
});

test.each([
  ["s3://user:pass@backups/x", "credentials do not belong into URLs"],
  ["s3://backups/x?colour=blue", '"colour" is no parameter'],
  ["s3://backups/x?region=../", '"region" is none'],
  ["s3://backups/x?endpoint=file:///etc", '"endpoint" is a URL'],
  ["s3://backups/a//b", "the path behind the bucket"],
  ["s3:///x", "it names no bucket"],
  ["b2://backups/x", "needs the region"],
  ["gopher://backups/x", 'repositories at "gopher://" are not known'],
])("%s is refused before anything is asked", async (url, message) => {
  const { status, stderr } = await dbbackup(["list", "--repo", url], { env });
  expect(stderr.toString()).toContain(message);
  expect(stderr.toString()).not.toContain("pass@");
  expect(status).toBe(2);
});
