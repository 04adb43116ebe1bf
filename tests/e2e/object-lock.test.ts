import { randomBytes, randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ObjectStorage } from "../../src/storage/object/object-storage.ts";
import { removeUnlocked } from "../../src/storage/object/remove-unlocked.ts";
import { RetryingStore } from "../../src/storage/object/retrying-store.ts";
import { S3Store } from "../../src/storage/s3/s3-store.ts";
import { parseS3Url } from "../../src/storage/s3/s3-url.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { startHttpRelay } from "../helpers/http-relay.ts";
import { type S3Server, startS3Server } from "../helpers/s3-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };
const options = { work: "0190b5b0-0000-7000-8000-000000000001", createOnly: true };
const dayMs = 24 * 3600 * 1000;
let server: S3Server;
let client: S3Client;
let Bucket: string;
beforeAll(async () => {
  server = await startS3Server();
  client = new S3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: server.credentials,
  });
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  Bucket = randomUUID();
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
});

function repository(parameters = "", endpoint = server.endpoint): string {
  return `s3://${Bucket}/shop?endpoint=${endpoint}&region=us-east-1&path-style=true${parameters}`;
}

function open(parameters?: string, endpoint?: string): Promise<S3Store> {
  return S3Store.open({ ...parseS3Url(repository(parameters, endpoint), {}), credentials: server.credentials });
}

/** Where the owners of all works have been silent for long. */
class LaterStore extends RetryingStore {
  override now(): Date {
    return new Date(super.now().getTime() + 3_600_000);
  }
}

const twoDays = "&object-lock=governance&retain-days=2";

async function lockOf(key: string) {
  const { ObjectLockMode, ObjectLockRetainUntilDate } = await client.send(
    new HeadObjectCommand({ Bucket, Key: `shop/${key}` }),
  );
  return { mode: ObjectLockMode, until: ObjectLockRetainUntilDate };
}

async function versions() {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  return { versions: Versions.map(({ Key }) => Key!), markers: DeleteMarkers.map(({ Key }) => Key!) };
}

async function keysOf(store: S3Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("", true)) keys.push(key);
  return keys;
}

test.each([
  ["governance", "GOVERNANCE"],
  ["compliance", "COMPLIANCE"],
])("%s: what belongs to backups is locked for its days, what belongs to runs is not", async (mode, expected) => {
  const store = await open(`&object-lock=${mode}&retain-days=2`);
  for (const key of ["x.dump", "x.dump.meta.json"]) {
    await store.put(key, Buffer.from(key), options);
    const lock = await lockOf(key);
    expect(lock.mode).toBe(expected);
    expect(Math.abs(lock.until!.getTime() - Date.now() - 2 * dayMs)).toBeLessThan(60_000);
    const day = lock.until!.toISOString().slice(0, 10);
    expect(await store.head(key)).toMatchObject({ lock: { until: lock.until } });
    await expect(removeUnlocked(store, key)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(day),
    });
  }
  for (const key of [`.tmp-${options.work}/owner.json`, "x.removing.json", "x.20261122T110000Z.verify.json"]) {
    await store.put(key, Buffer.from(key), options);
    expect(await lockOf(key)).toEqual({ mode: undefined, until: undefined });
    await removeUnlocked(store, key);
  }
  expect(await keysOf(store)).toEqual(["x.dump", "x.dump.meta.json"]);
  // The service means it, too.
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: "shop/x.dump" }));
  const { Key, VersionId } = Versions![0]!;
  await expect(client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))).rejects.toThrow(/[Dd]enied/);
});

test("uploads in parts and copies ask for the lock when they begin, which is where it is taken from", async () => {
  const asked: (string | undefined)[] = [];
  await using relay = await startHttpRelay(server.port, ({ method, url = "", headers }) => {
    const [mode, until] = ["mode", "retain-until-date"].map((name) => headers[`x-amz-object-lock-${name}`]);
    if (method === "POST" && url.includes("uploads")) asked.push(mode && until && `${mode}`);
    return true;
  });
  const store = await open(twoDays, `http://127.0.0.1:${relay.port}`);
  for (const key of ["x.dump", `.tmp-${options.work}/1`]) {
    const upload = await store.beginUpload(key, options.work);
    await upload.putPart(1, Buffer.from("all"));
    await upload.complete(1);
  }
  await store.copy("x.dump", "y.dump", 3, options.work);
  expect(asked).toEqual(["GOVERNANCE", undefined, "GOVERNANCE"]);
});

async function hold(Status: "ON" | "OFF"): Promise<void> {
  await client.send(new PutObjectLegalHoldCommand({ Bucket, Key: "shop/x", LegalHold: { Status } }));
}

async function retain(name: string, RetainUntilDate: Date): Promise<void> {
  const Retention = { Mode: "COMPLIANCE", RetainUntilDate } as const;
  await client.send(new PutObjectRetentionCommand({ Bucket, Key: `shop/${name}`, Retention }));
}

test("a legal hold is one, too; a lock that has ended is none", async () => {
  const store = await open();
  await store.put("x", Buffer.from("x"), options);
  await hold("ON");
  await expect(removeUnlocked(store, "x")).rejects.toMatchObject({
    code: "LOCKED",
    message: expect.stringMatching(/legal hold/),
  });
  await hold("OFF");
  await store.put("y", Buffer.from("y"), options);
  await retain("x", new Date(Date.now() + dayMs));
  await expect(removeUnlocked(store, "x")).rejects.toMatchObject({ code: "LOCKED" });
  await retain("y", new Date(Date.now() + 1500));
  await expect.poll(() => removeUnlocked(store, "y").then(() => "gone")).toBe("gone");
  expect(await keysOf(store)).toEqual(["x"]);
});

test("in a bucket with versions what was removed is not listed, its name is free again, and what is not there gets no mark", async () => {
  const store = await open();
  await removeUnlocked(store, "x");
  expect(await versions()).toEqual({ versions: [], markers: [] });
  for (const text of ["first", "second"]) {
    await store.put("x", Buffer.from(text), options);
    await expect(store.put("x", Buffer.from("other"), options)).rejects.toMatchObject({ code: "EXISTS" });
    const state = (await store.head("x"))!;
    const read = Buffer.alloc(state.size);
    await store.read("x", state.version, 0, read);
    expect([String(read), await keysOf(store)]).toEqual([text, ["x"]]);
    await removeUnlocked(store, "x");
    expect([await store.head("x"), await keysOf(store)]).toEqual([undefined, []]);
  }
  expect(await versions()).toEqual({ versions: ["shop/x", "shop/x"], markers: ["shop/x", "shop/x"] });
});

test("what a run that failed has locked stays with its record, until a sweep may remove it", async () => {
  const storage = new ObjectStorage(await open(twoDays), clock);
  const work = await storage.beginWork();
  const part = await work.create("x.dump");
  await part.write(randomBytes(100));
  await part.commit("x.dump", "part");
  await work.end();
  const store = await open();
  expect(await keysOf(store)).toEqual([`.tmp-${work.id}/owner.json`, "x.dump"]);
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: "shop/x.dump" }));
  const { Key, VersionId } = Versions![0]!;
  const later = new ObjectStorage(new LaterStore(store), clock);
  expect(await later.sweep()).toMatchObject({ works: 0, objects: [] });
  expect(await keysOf(store)).toContain("x.dump");
  await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }));
  expect(await later.sweep()).toMatchObject({ works: 1 });
  expect(await keysOf(store)).toEqual([]);
});

test("a bucket without object lock is named", async () => {
  Bucket = randomUUID();
  await client.send(new CreateBucketCommand({ Bucket }));
  const store = await open(twoDays);
  await expect(store.put("x", Buffer.from("x"), options)).rejects.toMatchObject({
    message: expect.stringMatching(/no object lock/),
  });
});

test("preflight tries locks out, for a minute, and says where there are none", async () => {
  const env = { ...server.environment, HOME: "/nonexistent" };
  const tried = await mustDbbackup(["preflight", "--repo", repository(twoDays), "--json"], { env });
  expect(JSON.parse(tried.stdout.toString()).repository ?? JSON.parse(tried.stdout.toString())).toMatchObject({
    protection: "locked",
  });
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions.filter(({ Key }) => !Key!.includes("/.tmp-"))).not.toEqual([]);
  Bucket = randomUUID();
  await client.send(new CreateBucketCommand({ Bucket }));
  const refused = await dbbackup(["preflight", "--repo", repository(twoDays)], { env });
  expect([refused.status, `${refused.stdout}${refused.stderr}`]).toEqual([
    1,
    expect.stringContaining("no object lock"),
  ]);
});

test("a backup that is locked is listed, verified and restored as any, and not removed before its time", async () => {
  const env = { ...server.environment, HOME: "/nonexistent" };
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE words (word text); INSERT INTO words VALUES ('one'), ('two')");
  const what = ["backup", "single", database.name, "--url", database.url, "--format", "directory", "--json"];
  const made = await mustDbbackup([...what, "--repo", repository(twoDays)], { env });
  const { id, artifacts, backup_file } = JSON.parse(made.stdout.toString());
  const store = await open();
  const before = await keysOf(store);
  expect(before).toEqual(
    [...artifacts.map((artifact: { name: string }) => artifact.name), `${backup_file}.meta.json`].toSorted(),
  );
  for (const key of before) expect((await lockOf(key)).mode).toBe("GOVERNANCE");
  // Also for who does not ask for locks.
  for (const parameters of [twoDays, ""]) {
    const removed = await dbbackup(["cloud", "delete", id, "--repo", repository(parameters), "--confirm"], { env });
    expect([removed.status, removed.stderr]).toEqual([1, expect.stringMatching(/locked until 20\d\d-\d\d-\d\dT/)]);
  }
  expect(await keysOf(store)).toEqual(before);
  const listed = JSON.parse(
    (await mustDbbackup(["list", "--repo", repository(), "--json"], { env })).stdout.toString(),
  );
  expect(listed).toEqual([expect.objectContaining({ id })]);
  // A newer one, without a lock: rules let the locked one go, its lock does not, and a hold needs none.
  const newer = JSON.parse((await mustDbbackup([...what, "--repo", repository()], { env })).stdout.toString()).id;
  const clean = async () => {
    const args = ["cleanup", "--keep-last", "1", "--repo", repository(), "--json"];
    return JSON.parse((await mustDbbackup(args, { env })).stdout.toString()).backups;
  };
  expect(await clean()).toMatchObject([
    { id, keep: true, reasons: [expect.stringMatching(/^locked by its storage until 20\d\d-/)] },
    { id: newer, keep: true },
  ]);
  await mustDbbackup(["hold", newer, "--repo", repository(twoDays)], { env });
  await mustDbbackup(["release", newer, "--repo", repository()], { env });
  await using restored = await withDatabase(database.server);
  const target = ["--url", restored.url, "--target", restored.name];
  await mustDbbackup(["restore", "single", id, "--repo", repository(), ...target], { env });
  expect(await restored.sql("SELECT * FROM words")).toEqual(await database.sql("SELECT * FROM words"));
});

test.each([
  ["&object-lock=governance", "go together"],
  ["&retain-days=3", "go together"],
  ["&object-lock=forever&retain-days=3", "governance or compliance"],
  ["&object-lock=governance&retain-days=0", "a number from 1 to 36500"],
  ["&object-lock=governance&retain-days=1.5", "a number from 1 to 36500"],
])("%s is refused", (parameters, message) => {
  expect(() => parseS3Url(repository(parameters), {})).toThrow(message);
});
