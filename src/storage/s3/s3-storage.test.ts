import { randomUUID } from "node:crypto";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect } from "vitest";
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
