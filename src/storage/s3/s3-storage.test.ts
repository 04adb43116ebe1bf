import { randomUUID } from "node:crypto";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storageSuite } from "../../../tests/contract/storage-suite.ts";
import { faultyStore } from "../../../tests/helpers/faulty-store.ts";
import { type S3Server, startS3Server } from "../../../tests/helpers/s3-server.ts";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { ObjectStorage } from "../object/object-storage.ts";
import { RetryingStore } from "../object/retrying-store.ts";
import { S3Store } from "./s3-store.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };
let server: S3Server;
let client: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  const { endpoint, credentials } = server;
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
}, 120_000);
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
});

const random = seededRandom(20);
const quickRetries = { attempts: 12, attemptsUntilAnswered: 12, firstPauseMs: 1, longestPauseMs: 5 };

for (const [name, prefix, wrap] of [
  ["a bucket", "", (store: ObjectStore) => store],
  [
    "a prefix in a bucket, where requests and answers are lost,",
    "some where/of-ours",
    (store: ObjectStore) => new RetryingStore(faultyStore(store, random), quickRetries),
  ],
] as const) {
  storageSuite(
    name,
    async () => {
      const Bucket = randomUUID();
      await client.send(new CreateBucketCommand({ Bucket }));
      const { endpoint, credentials } = server;
      const settings = { bucket: Bucket, prefix, region: "us-east-1", endpoint, forcePathStyle: true, credentials };
      const open = async () => new ObjectStorage(wrap(await S3Store.open(settings)), clock);
      return {
        storage: await open(),
        other: await open(),
        remove: async () => {
          const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
          const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
          expect(Contents.map(({ Key }) => Key!).filter((key) => key.includes(".tmp-"))).toEqual([]);
          expect(Uploads).toEqual([]);
        },
      };
    },
    { isFileSystem: false, resumesUploads: true },
  );
}

test("lists go on past their first page", async () => {
  const Bucket = randomUUID();
  const { endpoint, credentials } = server;
  await client.send(new CreateBucketCommand({ Bucket }));
  const settings = { bucket: Bucket, prefix: "p", region: "us-east-1", endpoint, forcePathStyle: true, credentials };
  const store = await S3Store.open(settings);
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
  expect(await listed("", false)).toEqual(["one"]);
});
