import type { IncomingMessage } from "node:http";
import { startGcsServer } from "../helpers/gcs/gcs-server.ts";
import { type GcsFate, gcsFates } from "../helpers/gcs/gcs-wishes.ts";
import { seededRandom } from "../helpers/seeded-random.ts";
import { type DisturbedBucket, faultsSuite } from "./faults-suite.ts";

async function openDisturbedGcs(): Promise<DisturbedBucket> {
  const bucket = "faults";
  const server = await startGcsServer();
  server.makeBucket(bucket);
  // An emulator: tokens are looked at elsewhere.
  const seenAt = (prefix: string, endpoint: string) => ({
    repo: `gs://${bucket}/${prefix}`,
    env: { STORAGE_EMULATOR_HOST: endpoint },
  });
  return {
    faults: gcsFates,
    keysBelow: async (prefix) => [...server.buckets.get(bucket)!.keys()].filter((name) => name.startsWith(prefix)),
    direct: (prefix) => seenAt(prefix, server.endpoint),
    async disturbed(prefix, seed, rate) {
      const random = seededRandom(seed * 7919);
      const happened: GcsFate[] = [];
      const { endpoint, ...listening } = await server.disturbed((request) => {
        const possible = gcsFates.filter((fate) => canHappen(fate, request));
        const fate = random() < rate ? possible[Math.floor(random() * possible.length)] : undefined;
        if (fate !== undefined) happened.push(fate);
        return fate;
      });
      return { ...seenAt(prefix, endpoint), ...listening, happened };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function canHappen(fate: GcsFate, { method, headers }: IncomingMessage): boolean {
  const isRead = headers.range !== undefined;
  switch (fate) {
    case "cut-chunk":
    // Of small objects a bit of their names could change, which nothing would find.
    case "flipped":
      return method === "PUT" && Number(headers["content-length"]) > 0;
    case "answer-flipped":
    case "range-ignored":
      return isRead;
    case "truncated":
      return method === "GET";
    default:
      return true;
  }
}

faultsSuite(
  "backups over a disturbed Google Cloud Storage",
  Array.from({ length: 60 }, (_, index) => index + 1),
  openDisturbedGcs,
);
