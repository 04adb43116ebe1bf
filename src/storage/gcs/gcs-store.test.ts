import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type GcsServer, startGcsServer } from "../../../tests/helpers/gcs/gcs-server.ts";
import type { ObjectUpload } from "../../ports/object-store.ts";
import { removeUnlocked } from "../object/remove-unlocked.ts";
import { RetryingStore } from "../object/retrying-store.ts";
import { GcsStore } from "./gcs-store.ts";
import { parseGcsUrl } from "./gcs-url.ts";

const MIB = 1024 * 1024;
const bucket = "backups";
let server: GcsServer;
let store: GcsStore;

beforeEach(async () => {
  server = await startGcsServer();
  server.makeBucket(bucket);
  store = await GcsStore.open(parseGcsUrl(`gs://${bucket}`, { STORAGE_EMULATOR_HOST: server.endpoint }));
});
afterEach(() => server[Symbol.asyncDispose]());

const bytesOf = (key: string): Buffer | undefined => server.buckets.get(bucket)!.get(key)?.bytes;
const chunks = (): number => server.asked.filter((asked) => asked.startsWith("PUT")).length;

async function uploaded(upload: ObjectUpload, parts: readonly Buffer[], numbers: readonly number[]): Promise<void> {
  await Promise.all(numbers.map((number) => upload.putPart(number, parts[number - 1]!)));
  await upload.complete(parts.length);
}

test("parts that are sent beside each other wait for their turn, and one without its predecessors is to be sent again", async () => {
  const parts = [randomBytes(8 * MIB), randomBytes(8 * MIB), randomBytes(5)];
  const upload = await store.beginUpload("x", "me");
  await expect(upload.putPart(3, parts[2]!)).rejects.toMatchObject({ code: "IO", retry: "maybe" });
  await uploaded(upload, parts, [1, 2, 3]);
  expect(bytesOf("x")!.equals(Buffer.concat(parts))).toBe(true);
  expect(await store.head("x")).toMatchObject({ size: 16 * MIB + 5, work: "me" });
  // Those that waited went together, and the end.
  expect(chunks()).toBe(2);
});

test.each([0, 1, 300_000])(
  "an upload whose last part is no multiple of 256 KiB ends too: %i bytes more",
  async (more) => {
    const parts = [randomBytes(8 * MIB), randomBytes(MIB + more)];
    await uploaded(await store.beginUpload("x", "me"), parts, [1, 2]);
    expect(bytesOf("x")!.equals(Buffer.concat(parts))).toBe(true);
  },
);

test("a chunk of which only a part was kept goes on behind it", async () => {
  server.wishes.keptOfChunk = 3 * MIB;
  const parts = [randomBytes(8 * MIB), randomBytes(2 * MIB)];
  await uploaded(await store.beginUpload("x", "me"), parts, [1, 2]);
  expect(bytesOf("x")!.equals(Buffer.concat(parts))).toBe(true);
  expect(chunks()).toBe(5);
});

test("a chunk that broke off is asked for, and not sent again from its beginning", async () => {
  let cuts = 0;
  server.wishes.fate = ({ method }) => (method === "PUT" && cuts++ === 0 ? "cut-chunk" : undefined);
  const retrying = new RetryingStore(store);
  const part = randomBytes(8 * MIB);
  const upload = await retrying.beginUpload("x", "me");
  await upload.putPart(1, part);
  const [session] = server.sessions.values();
  expect(session!.kept.map(({ length }) => length)).toEqual([4 * MIB, 4 * MIB]);
  await upload.complete(1);
  expect(bytesOf("x")!.equals(part)).toBe(true);
});

test("an upload whose last answer was lost is complete", async () => {
  let isLast = false;
  server.wishes.fate = ({ headers }) => {
    if (isLast || headers["content-range"]?.endsWith("/*") !== false) return undefined;
    isLast = true;
    return "answer-lost";
  };
  const upload = await new RetryingStore(store).beginUpload("x", "me");
  const part = randomBytes(8 * MIB + 7);
  await uploaded(upload, [part], [1]);
  expect(isLast).toBe(true);
  expect(bytesOf("x")!.equals(part)).toBe(true);
});

test("bytes that are changed on their way are found, and there is no object of them", async () => {
  server.wishes.fate = ({ method }) => (method === "PUT" ? "flipped" : undefined);
  const upload = await store.beginUpload("x", "me");
  await upload.putPart(1, randomBytes(8 * MIB));
  await expect(upload.complete(1)).rejects.toMatchObject({
    code: "IO",
    retry: "never",
    message: expect.stringContaining("arrived changed"),
  });
  expect(bytesOf("x")).toBeUndefined();
  server.wishes.fate = ({ method }) => (method === "POST" ? "flipped" : undefined);
  await expect(store.put("y", randomBytes(100_000), { work: "me", createOnly: true })).rejects.toMatchObject({
    code: "IO",
    retry: "maybe",
  });
  expect(bytesOf("y")).toBeUndefined();
});

test("nothing is overwritten: by put, by an upload at its beginning and at its end, by a copy", async () => {
  const theirs = Buffer.from("theirs");
  await store.put("x", theirs, { work: "they", createOnly: true });
  const mine = { work: "me", createOnly: true };
  await expect(store.put("x", Buffer.from("mine"), mine)).rejects.toMatchObject({ code: "EXISTS" });
  await expect(store.beginUpload("x", "me")).rejects.toMatchObject({
    code: "IO",
    message: expect.stringContaining("another run"),
  });
  const upload = await store.beginUpload("y", "me");
  await upload.putPart(1, randomBytes(8 * MIB));
  await store.put("y", theirs, { work: "they", createOnly: true });
  await expect(upload.complete(1)).rejects.toMatchObject({ code: "EXISTS" });
  await store.put("z", Buffer.from("mine"), mine);
  await expect(store.copy("z", "x", 4, "me")).rejects.toMatchObject({ code: "EXISTS" });
  expect([bytesOf("x"), bytesOf("y")]).toEqual([theirs, theirs]);
  await store.put("x", Buffer.from("new"), { work: "me", createOnly: false });
  expect(String(bytesOf("x"))).toBe("new");
});

test("another object under the same name is not read for the one that was opened", async () => {
  await store.put("x", Buffer.from("first"), { work: "me", createOnly: true });
  const { version } = (await store.head("x"))!;
  await store.put("x", Buffer.from("other"), { work: "me", createOnly: false });
  const target = Buffer.alloc(5);
  await expect(store.read("x", version, 0, target)).rejects.toMatchObject({ code: "IO" });
  await store.remove("x");
  await expect(store.read("x", version, 0, target)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a large copy goes on by its token", async () => {
  const bytes = randomBytes(MIB);
  await store.put("x", bytes, { work: "me", createOnly: true });
  server.wishes.rewrittenAtOnce = 300_000;
  await store.copy("x", "y", MIB, "me");
  expect(server.asked.filter((asked) => asked.includes("rewriteTo"))).toHaveLength(4);
  expect(bytesOf("y")!.equals(bytes)).toBe(true);
  expect((await store.head("y"))?.work).toBe("me");
});

test("an upload that is abandoned is gone; one that the service has forgotten says so", async () => {
  const upload = await store.beginUpload("x", "me");
  await upload.putPart(1, randomBytes(8 * MIB));
  await store.abandonUpload(upload);
  await store.abandonUpload(upload);
  expect(server.sessions.size).toBe(0);
  await expect(upload.putPart(2, randomBytes(8 * MIB))).rejects.toMatchObject({
    code: "IO",
    retry: "never",
    message: expect.stringContaining("not there any more"),
  });
  expect(bytesOf("x")).toBeUndefined();
});

test("storage class, key and project go with what is written; the clock is the service's", async () => {
  server.wishes.clockAhead = 3_600_000;
  const kmsKey = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
  const url = `gs://${bucket}/a b/c?storage-class=NEARLINE&project=payer&kms-key=${kmsKey}`;
  const classed = await GcsStore.open(parseGcsUrl(url, { STORAGE_EMULATOR_HOST: server.endpoint }));
  expect(classed.location).toBe(`gs://${bucket}/a b/c`);
  await classed.put("x", Buffer.from("1"), { work: "me", createOnly: true });
  await classed.copy("x", "y", 1, "me");
  for (const name of ["a b/c/x", "a b/c/y"]) {
    const { described } = server.buckets.get(bucket)!.get(name)!;
    expect(described).toMatchObject({ storageClass: "NEARLINE", kmsKeyName: kmsKey });
  }
  expect(server.queries.every((query) => query.get("userProject") === "payer")).toBe(true);
  expect(Math.abs(classed.now().getTime() - Date.now() - 3_600_000)).toBeLessThan(60_000);
});

test("errors say what is wrong", async () => {
  const nowhere = await GcsStore.open(parseGcsUrl("gs://nowhere", { STORAGE_EMULATOR_HOST: server.endpoint }));
  const put = { work: "me", createOnly: true };
  await expect(nowhere.put("x", Buffer.alloc(1), put)).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("no such bucket"),
  });
  await expect(nowhere.remove("x")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await store.put("x", Buffer.alloc(1), put);
  for (const [keeps, reason] of [
    ["right", "access denied"],
    ["retention", "a retention policy"],
  ] as const) {
    server.wishes.keeps = keeps;
    await expect(store.remove("x")).rejects.toMatchObject({
      code: "AUTH",
      retry: "never",
      message: expect.stringContaining(reason),
    });
  }
  server.wishes.fate = () => "unavailable";
  await expect(store.head("x")).rejects.toMatchObject({ code: "IO", retry: "maybe" });
  server.wishes.fate = () => "lost";
  await expect(store.head("x")).rejects.toMatchObject({ code: "CONNECT", retry: "maybe" });
});

test.each([
  ["governance", "Unlocked"],
  ["compliance", "Locked"],
])("%s: what belongs to backups is kept for its days, what belongs to runs is not", async (lock, mode) => {
  server.wishes.objectRetention = true;
  const url = `gs://${bucket}?object-lock=${lock}&retain-days=2`;
  const locking = await GcsStore.open(parseGcsUrl(url, { STORAGE_EMULATOR_HOST: server.endpoint }));
  await locking.put("x.dump.meta.json", Buffer.from("{}"), { work: "me", createOnly: true });
  await uploaded(await locking.beginUpload("x.dump", "me"), [Buffer.from("all")], [1]);
  await locking.copy("x.dump", "y.dump", 3, "me");
  for (const key of ["x.dump.meta.json", "x.dump", "y.dump"]) {
    const { retention } = server.buckets.get(bucket)!.get(key)!.described;
    expect(retention?.mode).toBe(mode);
    const until = new Date(retention!.retainUntilTime);
    expect(Math.abs(until.getTime() - Date.now() - 2 * 24 * 3600 * 1000)).toBeLessThan(60_000);
    expect(await store.head(key)).toMatchObject({ lock: { until } });
    await expect(removeUnlocked(store, key)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(retention!.retainUntilTime.slice(0, 10)),
    });
    await expect(store.remove(key)).rejects.toThrow(/retention|held|kept/i);
  }
  for (const key of [".tmp-0190b5b0-0000-7000-8000-000000000001/owner.json", "x.removing.json"]) {
    await locking.put(key, Buffer.from("{}"), { work: "me", createOnly: true });
    expect(server.buckets.get(bucket)!.get(key)!.described.retention).toBeUndefined();
    await removeUnlocked(store, key);
  }
  expect([...server.buckets.get(bucket)!.keys()]).toEqual(["x.dump.meta.json", "x.dump", "y.dump"]);
});

test("a hold of somebody is a lock without an end", async () => {
  await store.put("x", Buffer.from("x"), { work: "me", createOnly: true });
  const object = server.buckets.get(bucket)!.get("x")!;
  Object.assign(object.described, { temporaryHold: true });
  expect(await store.head("x")).toMatchObject({ lock: { until: undefined } });
  await expect(removeUnlocked(store, "x")).rejects.toMatchObject({ code: "LOCKED" });
});

test("a bucket without object retention is named", async () => {
  const url = `gs://${bucket}?object-lock=governance&retain-days=2`;
  const locking = await GcsStore.open(parseGcsUrl(url, { STORAGE_EMULATOR_HOST: server.endpoint }));
  await expect(locking.put("x", Buffer.from("x"), { work: "me", createOnly: true })).rejects.toMatchObject({
    code: "CONFIG",
    message: expect.stringContaining("no object retention"),
  });
});
