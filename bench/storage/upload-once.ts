import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { ObjectStorage } from "../../src/storage/object/object-storage.ts";
import { RetryingStore } from "../../src/storage/object/retrying-store.ts";
import { S3Store } from "../../src/storage/s3/s3-store.ts";

/** Sends the same bytes once: `node upload-once.ts ours|sdk PORT MEGABYTES`. Prints seconds, CPU seconds and peak MiB. */
const [who = "", port = "", megabytes = "0"] = process.argv.slice(2);
const endpoint = `http://127.0.0.1:${port}`;
const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
const place = { region: "us-east-1", endpoint, forcePathStyle: true, credentials };
const PIECE = 256 * 1024;
const piece = Buffer.alloc(PIECE, "dbbackup ");
const pieces = Math.round((Number(megabytes) * 1e6) / PIECE);

async function ours(): Promise<void> {
  const store = await S3Store.open({ bucket: "bench", prefix: "", ...place });
  const clock = { now: () => new Date(), monotonic: () => performance.now() };
  const storage = new ObjectStorage(new RetryingStore(store), clock);
  const work = await storage.beginWork();
  const pending = await work.create("ours");
  for (let count = 0; count < pieces; count++) await pending.write(piece);
  await pending.commit("ours", "seal");
  await work.end();
}

function* bytes(): Generator<Buffer> {
  for (let count = 0; count < pieces; count++) yield piece;
}

async function sdk(): Promise<void> {
  const params = { Bucket: "bench", Key: "sdk", Body: Readable.from(bytes(), { objectMode: false }) };
  await new Upload({ client: new S3Client(place), params, queueSize: 4, partSize: 8 * 1024 * 1024 }).done();
}

const started = performance.now();
await (who === "ours" ? ours() : sdk());
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 }));
process.exit(0);
