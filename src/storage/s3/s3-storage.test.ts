import { randomUUID } from "node:crypto";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultyStore } from "../../../tests/helpers/faulty-store.ts";
import { ownersClient, s3Contract } from "../../../tests/helpers/s3-contract.ts";
import { type S3Server, startS3Server } from "../../../tests/helpers/s3-server.ts";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import { RetryingStore } from "../object/retrying-store.ts";
import { S3Store } from "./s3-store.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
}, 120_000);
afterAll(() => server[Symbol.asyncDispose]());

const random = seededRandom(20);
const quickRetries = { attempts: 12, attemptsUntilAnswered: 12, firstPauseMs: 1, longestPauseMs: 5 };

s3Contract(
  "a prefix in a bucket, where requests and answers are lost,",
  () => server,
  "some where/of-ours",
  (store) => new RetryingStore(faultyStore(store, random), quickRetries),
);

test("lists go on past their first page", async () => {
  const Bucket = randomUUID();
  const { endpoint, credentials } = server;
  const client = ownersClient(server);
  await client.send(new CreateBucketCommand({ Bucket }));
  client.destroy();
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
