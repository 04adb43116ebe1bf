import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect } from "vitest";
import { storageSuite } from "../../../tests/contract/storage-suite.ts";
import { faultyStore } from "../../../tests/helpers/faulty-store.ts";
import { type GcsServer, startGcsServer } from "../../../tests/helpers/gcs/gcs-server.ts";
import type { GcsServerWishes } from "../../../tests/helpers/gcs/gcs-wishes.ts";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { ObjectStorage } from "../object/object-storage.ts";
import { RetryingStore } from "../object/retrying-store.ts";
import { GcsStore } from "./gcs-store.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };
const quickRetries = { attempts: 20, attemptsUntilAnswered: 20, firstPauseMs: 1, longestPauseMs: 5 };
let server: GcsServer;
beforeAll(async () => {
  server = await startGcsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const random = seededRandom(20);
const disturbing: GcsServerWishes = {
  pageSize: 2,
  fate: () => {
    const number = random();
    if (number < 0.03) return "lost";
    if (number < 0.06) return "answer-lost";
    if (number < 0.09) return "unavailable";
    return number < 0.12 ? "cut-chunk" : undefined;
  },
};

for (const [name, prefix, wishes, wrap] of [
  [
    "a bucket that keeps little at a time",
    "",
    { pageSize: 3, keptOfChunk: 5_000_000, rewrittenAtOnce: 7_000_000 },
    (store: ObjectStore) => store,
  ],
  [
    "a prefix in a bucket, where requests and answers are lost,",
    "some where/of-ours",
    disturbing,
    (store: ObjectStore) => new RetryingStore(faultyStore(store, random), quickRetries),
  ],
] as const) {
  storageSuite(
    name,
    async () => {
      const bucket = randomUUID();
      server.makeBucket(bucket);
      Object.assign(server.wishes, { keptOfChunk: undefined, rewrittenAtOnce: undefined, fate: undefined }, wishes);
      const settings = { bucket, prefix, endpoint: server.endpoint, isAnonymous: true };
      const open = async () => new ObjectStorage(wrap(await GcsStore.open(settings)), clock);
      return {
        storage: await open(),
        other: await open(),
        remove: async () => {
          const names = [...server.buckets.get(bucket)!.keys()];
          expect(names.filter((each) => each.includes(".tmp-"))).toEqual([]);
        },
      };
    },
    { isFileSystem: false },
  );
}
