import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { startRefusingProxy } from "../helpers/refusing-proxy.ts";
import { killedInUpload, repositorySuite } from "../helpers/repository-suite.ts";
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
let variables: Disposable;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-s3-repository-"));
  server = await startS3Server({ denied: ["s3:DeleteObject"] });
  keys = server.environment;
  env = { ...keys, HOME: folder };
  variables = withVariables(env);
  const { endpoint, credentials } = server;
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  database = await withDatabase(await sharedServer(18));
  // Larger than the first part of an upload, as it is stored.
  await database.sql(`
    CREATE TABLE blobs (id int PRIMARY KEY, hash text NOT NULL, half text);
    INSERT INTO blobs SELECT i, encode(sha256(i::text::bytea), 'hex'), md5(i::text) FROM generate_series(1, 120000) i;
    CREATE TABLE words (word text);
    INSERT INTO words VALUES ('one'), ('two');`);
});
afterAll(async () => {
  variables[Symbol.dispose]();
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

async function uploadsBelow(prefix: string): Promise<string[]> {
  return (await uploads(`${prefix}/`)).map(({ Key }) => Key!);
}

async function backup(prefix: string, ...args: readonly string[]) {
  const what = ["backup", "single", database.name, "--url", database.url, "--repo", repository(prefix), "--json"];
  return JSON.parse((await mustDbbackupHere([...what, ...args])).stdout.toString());
}

async function expectSame(restored: TestDatabase): Promise<void> {
  const { stdout } = await mustDbbackupHere(["compare", database.url, restored.url, "--json"]);
  expect(JSON.parse(stdout.toString())).toMatchObject({ equal: true });
}

repositorySuite("a bucket", () => ({
  database,
  env,
  url: repository,
  objects: async (prefix) => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${prefix}/` }));
    return Contents.map(({ Key }) => Key!.slice(prefix.length + 1));
  },
  uploads: uploadsBelow,
  beginning: async (prefix, name) => {
    const Range = "bytes=0-7";
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `${prefix}/${name}`, Range }));
    return Buffer.from(await Body!.transformToByteArray());
  },
}));

test("a script goes into a bucket, is verified and restored from there, and is what it was", async () => {
  const made = await backup("plain", "--format", "plain", "--compression", "zstd");
  expect(made.backup_file).toMatch(/\.sql\.zst$/);
  const repo = ["--repo", repository("plain")];
  const verified = await mustDbbackupHere(["verify", made.id, ...repo, "--json"]);
  expect(JSON.parse(verified.stdout.toString())[0]).toMatchObject({ status: "ok" });
  await using restored = await withDatabase(database.server);
  const target = ["--url", restored.url, "--target", restored.name];
  await mustDbbackupHere(["restore", "single", `latest:${database.name}`, ...repo, ...target]);
  await expectSame(restored);
});

test("keys of a bucket are changed beside what lies there, and once more by encrypting it again", async () => {
  const key = (name: string) => ["--key-file", join(folder, name)];
  for (const name of ["old", "new", "next"]) newKeyFile(join(folder, name));
  const made = await backup("rotated", "--encrypt", ...key("old"), "--format", "directory");
  const repo = ["--repo", repository("rotated")];
  const before = await stored("rotated");
  const rotate = ["keys", "rotate", "--all", ...repo, ...key("old"), "--new-key-file", join(folder, "new")];
  const told = (await mustDbbackupHere(rotate)).stdout.toString();
  expect(told).toContain("does not revoke");
  const after = await stored("rotated");
  expect(after).toEqual(expect.arrayContaining(before));
  expect(after.filter((name) => name.includes(".keys-"))).toHaveLength(before.length);
  expect(after).toHaveLength(2 * before.length);
  expect((await mustDbbackupHere(rotate)).stdout.toString()).toContain("has these keys already");
  expect(await stored("rotated")).toEqual(after);
  await mustDbbackupHere(["verify", made.id, ...repo, ...key("new")]);
  expect((await dbbackupHere(["verify", made.id, ...repo, ...key("next")])).status).toBe(1);

  const again = ["keys", "rotate", "--all", "--re-encrypt", "--remove-old", ...repo, ...key("new")];
  await mustDbbackupHere([...again, "--new-key-file", join(folder, "next")]);
  const listed = JSON.parse((await mustDbbackupHere(["list", ...repo, ...key("next"), "--json"])).stdout.toString());
  expect(listed).toEqual([expect.objectContaining({ database: database.name, re_encrypted: expect.anything() })]);
  expect(listed[0].id).not.toBe(made.id);
  // Nothing is left of the old one, its key files included.
  expect(await stored("rotated")).toHaveLength(before.length);
  await using restored = await withDatabase(database.server);
  const target = ["--url", restored.url, "--target", restored.name];
  await mustDbbackupHere(["restore", "single", listed[0].id, ...repo, ...key("next"), ...target]);
  await expectSame(restored);
});

test("a flipped byte in the bucket is found", async () => {
  const made = await backup("flipped");
  const Key = `flipped/${made.artifacts[0].name}`;
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  const bytes = await Body!.transformToByteArray();
  bytes[bytes.length >> 1]! ^= 1;
  await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
  const { status, stdout } = await dbbackupHere(["verify", made.id, "--repo", repository("flipped"), "--json"]);
  expect([status, JSON.parse(stdout.toString())[0].status]).toEqual([4, "damaged"]);
});

test("MariaDB: a directory goes into a bucket and comes back", async () => {
  const address = await sharedMysql("mariadb-11.8");
  await using source = await withMysqlDatabase(address);
  await using target = await withMysqlDatabase(address);
  await source.sql("CREATE TABLE t (id int PRIMARY KEY, what text)");
  await source.sql("INSERT INTO t SELECT seq, REPEAT(MD5(seq), 10) FROM seq_1_to_20000");
  const repo = ["--repo", repository("mariadb")];
  await mustDbbackupHere(["backup", "single", source.name, "--url", source.url, "--format", "directory", ...repo]);
  const restore = ["restore", "single", `latest:${source.name}`, "--url", target.url, "--target", target.name];
  await mustDbbackupHere([...restore, "--confirm", ...repo]);
  const { stdout } = await mustDbbackupHere(["compare", source.url, target.url, "--json"]);
  expect(JSON.parse(stdout.toString())).toMatchObject({ equal: true });
});

test("a backup that is ended leaves nothing in the bucket, and errors name what is wrong without secrets", async () => {
  const what = ["backup", "single", database.name, "--url", database.url];
  const missing = await dbbackupHere([...what, "--repo", repository("x").replace(`//${Bucket}/`, "//nowhere/")]);
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining("there is no such bucket")]);
  using nothingAtAll = withVariables({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
  const nobody = await dbbackupHere([...what, "--repo", repository("x")]);
  nothingAtAll[Symbol.dispose]();
  expect([nobody.status, nobody.stderr]).toEqual([1, expect.stringContaining("no credentials were found")]);
  const none = ["--exclude-table", "blobs", "--table", "none_like_it"];
  const nothing = await dbbackupHere([...what, ...none, "--repo", repository("x")]);
  expect(nothing.status).toBe(1);
  using foreign = withVariables({ AWS_SECRET_ACCESS_KEY: "another-secret" });
  const stranger = await dbbackupHere([...what, "--repo", repository("x")]);
  foreign[Symbol.dispose]();
  expect([stranger.status, stranger.stderr]).toEqual([1, expect.stringContaining("the secret key is wrong")]);
  const said = `${missing.stderr}${nobody.stderr}${nothing.stderr}${stranger.stderr}`;
  expect(said).not.toContain(keys.AWS_SECRET_ACCESS_KEY);
  expect(said).not.toContain("another-secret");
  expect(await stored("x")).toEqual([]);
});

test("the next run removes what a run leaves that is killed in mid-upload", async () => {
  const what = ["backup", "single", database.name, "--url", database.url, "--repo", repository("killed")];
  const slowly = ["--compression", "none", "--max-rate", "8MB", "--jobs", "1"];
  await killedInUpload({ env, uploads: uploadsBelow }, "killed", [...what, ...slowly]);
  const next = await mustDbbackupHere([...what, "--json"]);
  const made = JSON.parse(next.stdout.toString());
  expect(await stored("killed")).toEqual([made.backup_file, `${made.backup_file}.meta.json`]);
});

async function preflight(prefix: string, endpoint: string, bucket = Bucket) {
  const repo = `s3://${bucket}/${prefix}?endpoint=${endpoint}&region=us-east-1&path-style=true`;
  const { status, stdout } = await dbbackupHere(["preflight", "--repo", repo, "--json"]);
  const { checks, repository: found } = JSON.parse(stdout.toString());
  const told = checks.map((check: Check) => `${check.name} ${check.status}: ${check.message}`);
  return { status, told: told.join("\n"), ...found };
}

test("preflight tries a bucket: writable, without the right to remove, without any right", async () => {
  const free = await preflight("tried", server.endpoint);
  expect(free).toMatchObject({ status: 0, protection: "none", left: [] });
  expect(free.told).not.toMatch(/ (error|warning):/);
  expect(await stored("tried")).toEqual([]);

  using limited = withVariables(environmentOf(server.limited));
  const kept = await preflight("kept", server.endpoint);
  limited[Symbol.dispose]();
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
  ["s3://b/x", '"b" can be no bucket'],
  ["s3://backups/../x", '".." have no meaning'],
  ["s3://backups/a/%2E%2e/x", '".." have no meaning'],
  ["s3://backups/a\nb", "a control character"],
  ["s3://backups/x ", "ends with a space"],
  ["s3://backups//x", "the path behind the bucket"],
  ["s3://backups/x?profile=", '"profile" has no value'],
  ["s3://backups/x?endpoint=https://user:pass@host", '"endpoint" is a URL'],
  ["s3://backups/x?endpoint=https://host?a=b", '"endpoint" is a URL'],
  ["b2://backups/x", "needs the region"],
  ["gopher://backups/x", 'repositories at "gopher://" are not known'],
])("%s is refused before anything is asked", async (url, message) => {
  const { status, stderr } = await dbbackupHere(["list", "--repo", url]);
  expect(stderr.toString()).toContain(message);
  expect(stderr.toString()).not.toContain("pass@");
  expect(status).toBe(2);
});
