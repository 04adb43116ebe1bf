import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type S3Fault, s3Faults, startS3FaultProxy } from "../helpers/s3-fault-proxy.ts";
import { type S3Server, startS3Server } from "../helpers/s3-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Together they take about a second, most of which is waiting. */
const RUNS_AT_ONCE = 4;

/**
 * Backups, verifications and restores over S3 while requests and answers are lost, late, refused, cut and changed: each ends
 * complete and equal, or fails and leaves nothing that counts; never a wrong success.
 */
export function s3FaultsSuite(name: string, seeds: readonly number[]): void {
  describe(name, () => {
    const Bucket = "faults";
    let server: S3Server;
    let client: S3Client;
    let database: TestDatabase;
    let sum: string;
    const happened = new Set<S3Fault>();
    const ended = { whole: 0, notBackedUp: 0, notVerified: 0, notRestored: 0 };

    beforeAll(async () => {
      server = await startS3Server();
      const { endpoint, credentials } = server;
      client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
      await client.send(new CreateBucketCommand({ Bucket }));
      database = await withDatabase(await sharedServer(18));
      // Two parts of an upload, when it is not compressed.
      await database.sql(`
        CREATE TABLE rows (id int PRIMARY KEY, what text NOT NULL);
        INSERT INTO rows SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 30000) i;`);
      sum = await sumOf(database);
    }, 120_000);
    afterAll(async () => {
      client.destroy();
      await server[Symbol.asyncDispose]();
      await database.drop();
    });

    async function keysBelow(Prefix: string): Promise<string[]> {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key }) => Key!);
    }

    async function run(seed: number): Promise<void> {
      const rate = [0.05, 0.15, 0.3][seed % 3]!;
      const place = `run-${seed}`;
      const url = (endpoint: string) => `s3://${Bucket}/${place}?endpoint=${endpoint}&region=us-east-1&path-style=true`;
      const env = server.environment;
      await using proxy = await startS3FaultProxy(server.port, seed, rate);
      try {
        const format = ["custom", "plain", "directory"][seed % 4] ?? "custom";
        const compression = seed % 2 === 0 ? "none" : "gzip";
        const what = ["backup", "single", database.name, "--url", database.url, "--format", format, "--json"];
        const made = await dbbackup([...what, "--compression", compression, "--repo", url(proxy.endpoint)], { env });
        const direct = ["--repo", url(server.endpoint), "--json"];
        const described = (await keysBelow(`${place}/`)).filter((key) => key.endsWith(".meta.json"));
        if (made.status !== 0) {
          expect([made.status, described, made.stderr.toString()]).toEqual([
            1,
            [],
            expect.stringMatching(/error: \w+/),
          ]);
          ended.notBackedUp++;
          return;
        }
        const { id } = JSON.parse(made.stdout.toString());
        expect(described).toHaveLength(1);
        // What was said to be stored is stored, as it is seen by somebody whom nothing disturbs.
        const sure = await dbbackup(["verify", id, ...direct], { env });
        expect([sure.status, JSON.parse(sure.stdout.toString())[0].status]).toEqual([0, "ok"]);

        const disturbed = ["--repo", url(proxy.endpoint)];
        const verified = await dbbackup(["verify", id, ...disturbed, "--json"], { env });
        if (verified.status !== 0) ended.notVerified++;
        await using target = await withDatabase(database.server);
        const restore = ["restore", "single", id, ...disturbed, "--url", target.url, "--target", target.name];
        const restored = await dbbackup(restore, { env });
        if (restored.status === 0) {
          expect(await sumOf(target)).toBe(sum);
          if (verified.status === 0) ended.whole++;
        } else {
          expect([restored.status, restored.stderr.toString()]).toEqual([1, expect.stringMatching(/error: /)]);
          ended.notRestored++;
        }
      } finally {
        for (const fault of proxy.happened) happened.add(fault);
      }
    }

    test(
      `${seeds.length} runs`,
      async () => {
        const waiting = [...seeds];
        const lane = async (): Promise<void> => {
          for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
            await run(seed).catch((error: unknown) => {
              throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
                cause: error,
              });
            });
          }
        };
        await Promise.all(Array.from({ length: RUNS_AT_ONCE }, lane));
        // The faults were there, and most of what they disturbed went on.
        expect([...happened].toSorted()).toEqual([...s3Faults].toSorted());
        expect(ended.whole).toBeGreaterThan(seeds.length / 2);
      },
      seeds.length * 20_000,
    );
  });
}

async function sumOf(database: TestDatabase): Promise<string> {
  return JSON.stringify(await database.sql("SELECT count(*), md5(string_agg(r::text, ',' ORDER BY id)) FROM rows r"));
}
