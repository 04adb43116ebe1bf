import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { faultyStore } from "../../../tests/helpers/faulty-store.ts";
import { ownersClient, s3Contract } from "../../../tests/helpers/s3-contract.ts";
import { type S3Server, startS3Server } from "../../../tests/helpers/s3-server.ts";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import { withTemporaryFolder } from "../../../tests/helpers/temporary-folder.ts";
import { BackupError } from "../../core/backup-error.ts";
import type { PutOptions } from "../../ports/object-store.ts";
import type { SweepOptions } from "../../ports/storage.ts";
import { ObjectStorage } from "../object/object-storage.ts";
import { RetryingStore } from "../object/retrying-store.ts";
import { claimOf, recordKey, takenKey } from "../object/work-record.ts";
import { S3Store } from "./s3-store.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server[Symbol.asyncDispose]());

const random = seededRandom(20);
const quickRetries = { attempts: 12, attemptsUntilAnswered: 12, firstPauseMs: 1, longestPauseMs: 5 };

s3Contract(
  "a prefix in a bucket, where requests and answers are lost,",
  () => server,
  "some where/of-ours",
  (store) => new RetryingStore(faultyStore(store, random), quickRetries),
);

async function newStore(Bucket: string = randomUUID()): Promise<S3Store> {
  const { endpoint, credentials } = server;
  const client = ownersClient(server);
  await client.send(new CreateBucketCommand({ Bucket }));
  client.destroy();
  return await S3Store.open({
    bucket: Bucket,
    prefix: "p",
    region: "us-east-1",
    endpoint,
    forcePathStyle: true,
    credentials,
  });
}

/** As the service itself tells of them. */
async function uploadsIn(Bucket: string): Promise<string[]> {
  const client = ownersClient(server);
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  client.destroy();
  return Uploads.map(({ Key }) => Key!);
}

const clock = { now: () => new Date(), monotonic: () => 0 };
const twoParts = Buffer.alloc(9 << 20);

test("an upload whose beginning was answered to nobody is gone when its run has ended well", async () => {
  const Bucket = randomUUID();
  const store = await newStore(Bucket);
  let isLost = false;
  const losing = Object.assign(new RetryingStore(store), {
    beginUpload: async (key: string, work: string) => {
      const upload = await store.beginUpload(key, work);
      if (isLost) return upload;
      isLost = true;
      throw new BackupError({ code: "CONNECT", message: "the answer was lost", retry: "maybe" });
    },
  });
  const work = await new ObjectStorage(new RetryingStore(losing, quickRetries), clock).beginWork();
  const pending = await work.create("x.dump");
  await pending.write(twoParts);
  await pending.commit("x.dump", "seal");
  expect(await uploadsIn(Bucket)).toEqual(["p/x.dump"]);
  await work.end();
  expect(await uploadsIn(Bucket)).toEqual([]);
  expect(await store.head("x.dump")).toMatchObject({ size: twoParts.length });
});

test("a run that fails leaves alone what another one sends under the same name", async () => {
  const Bucket = randomUUID();
  const storage = new ObjectStorage(await newStore(Bucket), clock);
  const [failing, other] = [await storage.beginWork(), await storage.beginWork()];
  const [ofFailing, ofOther] = [await failing.create("x.dump"), await other.create("x.dump")];
  await Promise.all([ofFailing.write(twoParts), ofOther.write(twoParts)]);
  expect(await uploadsIn(Bucket)).toHaveLength(2);
  await failing.end();
  expect(await uploadsIn(Bucket)).toHaveLength(1);
  await ofOther.commit("x.dump", "seal");
  await other.end();
  expect(await uploadsIn(Bucket)).toEqual([]);
  expect((await storage.stat("x.dump"))?.size).toBe(twoParts.length);
});

test("runs that want one name at the same moment get one each, and none takes from the other", async () => {
  const storage = new ObjectStorage(await newStore(), clock);
  const runs = await Promise.all(
    Array.from({ length: 3 }, async (_, run) => {
      const work = await storage.beginWork();
      const pending = await work.create("x.dump");
      return { work, pending, bytes: Buffer.alloc(9 << 20, run) };
    }),
  );
  const keys = await Promise.all(
    runs.map(async ({ work, pending, bytes }) => {
      await pending.write(bytes);
      for (let number = 1; ; number++) {
        const key = `x-${number}.dump`;
        try {
          await pending.commit(key, "part");
          await (await work.create(`${key}.json`)).commit(`${key}.json`, "seal");
          await work.end();
          return key;
        } catch (error) {
          expect(error).toMatchObject({ code: "EXISTS" });
        }
      }
    }),
  );
  expect(new Set(keys).size).toBe(3);
  for (const [run, { bytes }] of runs.entries()) {
    const object = await storage.open(keys[run]!);
    const read = Buffer.alloc(bytes.length + 1);
    expect(await object.readAt(0, read)).toBe(bytes.length);
    expect(read.subarray(0, bytes.length).equals(bytes)).toBe(true);
    await object.close();
  }
});

test("an object that arrived changed is not left under its name when nobody can look at it", async () => {
  const store = await newStore();
  const disturbed = Object.assign(new RetryingStore(store), {
    put: async (key: string, bytes: Uint8Array, options: PutOptions) => {
      await store.put(key, Buffer.from(bytes).fill("x", 0, 1), options);
      throw new BackupError({ code: "CONNECT", message: "the answer was lost", retry: "maybe" });
    },
    read: () => Promise.reject(new BackupError({ code: "AUTH", message: "reading is refused" })),
  });
  const put = new RetryingStore(disturbed, quickRetries).put("x.json", Buffer.from("{}"), {
    work: randomUUID(),
    createOnly: true,
  });
  await expect(put).rejects.toMatchObject({ code: "AUTH" });
  expect(await store.head("x.json")).toBeUndefined();
});

test("uploads that no run has written down are removed when they are old", async () => {
  const Bucket = randomUUID();
  const store = await newStore(Bucket);
  const storage = new ObjectStorage(store, clock);
  const work = await storage.beginWork();
  const living = await work.create("living.dump");
  await living.write(twoParts);
  await store.beginUpload("unknown.dump", "a run whose record is gone");
  // The server tells one time for all.
  const sweepWhenBegun = async (begun: Date, options: SweepOptions) => {
    const dated = Object.assign(new RetryingStore(store), {
      async *unfinishedUploads(prefix: string) {
        for await (const upload of store.unfinishedUploads(prefix)) yield { ...upload, begun };
      },
    });
    return await new ObjectStorage(dated, clock).sweep(options);
  };
  const [hour, unknown] = [3_600_000, { unknownUploads: true }];
  const old = new Date(Date.now() - 25 * hour);
  expect(await sweepWhenBegun(new Date(Date.now() - 23 * hour), unknown)).toMatchObject({ uploads: [] });
  expect(await sweepWhenBegun(old, {})).toMatchObject({ uploads: [] });
  expect(await sweepWhenBegun(old, { ...unknown, dryRun: true })).toMatchObject({ uploads: ["unknown.dump"] });
  expect(await uploadsIn(Bucket)).toHaveLength(2);
  expect(await sweepWhenBegun(old, unknown)).toMatchObject({ works: 0, uploads: ["unknown.dump"] });
  expect(await uploadsIn(Bucket)).toEqual(["p/living.dump"]);
  await living.commit("living.dump", "seal");
  await work.end();
});

test("a copy that was taken over does not write over the record of the run that goes on", async () => {
  const store = await newStore();
  const storage = new ObjectStorage(store, clock);
  const id = randomUUID();
  const transfer = await storage.beginTransfer({ id, note: "a copy", folder: undefined, seal: "x.json" });
  await store.put(takenKey(id, 2), Buffer.alloc(0), { work: "another", createOnly: true });
  const before = await store.head(recordKey(id));
  await expect(transfer.open("x.dump")).rejects.toMatchObject({ message: expect.stringContaining("took this one") });
  await transfer.end();
  expect(await store.head(recordKey(id))).toEqual(before);
});

test("a copy that was killed before it had written its record is gone on with at once where its lock proves that, and nowhere else", async () => {
  await using temporary = await withTemporaryFolder();
  vi.stubEnv("XDG_STATE_HOME", temporary.path);
  try {
    const store = await newStore();
    const storage = new ObjectStorage(store, clock);
    const place = join(temporary.path, "dbbackup", "works");
    const begin = async (claim: Buffer, isLockLeft: boolean): Promise<unknown> => {
      const id = randomUUID();
      await store.put(takenKey(id, 1), claim, { work: "killed", createOnly: true });
      mkdirSync(place, { recursive: true });
      if (isLockLeft) writeFileSync(join(place, id), "");
      const transfer = storage.beginTransfer({ id, note: "a copy", folder: undefined, seal: "x.json" });
      const outcome = await transfer.then(
        async (begun) => await begun.discard(),
        (error: BackupError) => error.code,
      );
      // Nor does a refusal leave what would prove something to the next one.
      expect(existsSync(join(place, id))).toBe(isLockLeft && outcome !== undefined);
      return outcome;
    };
    const own = await claimOf({ hasLock: true, place });
    expect(await begin(own, true)).toBeUndefined();
    expect(await begin(own, false)).toBe("PRECHECK");
    for (const other of [
      { hasLock: false, place },
      { hasLock: true, place: "/another/user" },
    ]) {
      expect(await begin(await claimOf(other), true)).toBe("PRECHECK");
    }
  } finally {
    vi.unstubAllEnvs();
  }
});

test("lists go on past their first page", async () => {
  const store = await newStore();
  // A page has 1,000.
  const keys = Array.from({ length: 1050 }, (_, index) => `many/${String(index).padStart(5, "0")}`);
  const left = keys.values();
  const put = async (): Promise<void> => {
    for (const key of left) await store.put(key, Buffer.from(key), { work: "w", createOnly: false });
  };
  await Promise.all(Array.from({ length: 8 }, put));
  await store.put("one", Buffer.alloc(0), { work: "w", createOnly: true });
  const listed = async (prefix: string, recursive: boolean): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of store.list(prefix, recursive)) found.push(key);
    return found;
  };
  expect(await listed("", true)).toEqual([...keys, "one"]);
  expect(await listed("many/", false)).toEqual(keys);
  expect(await listed("", false)).toEqual(["many/", "one"]);
});
