import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { dbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Each takes about a second, most of which is waiting. */
const RUNS_AT_ONCE = 6;

/** Of runs in this process, every thirteenth is of the program itself. */
const PROGRAM_EVERY = 13;

/** A repository as the program is told of it. */
export interface SeenRepository {
  readonly repo: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A bucket in whose way something can stand. */
export interface DisturbedBucket extends AsyncDisposable {
  /** All that may happen. */
  readonly faults: readonly string[];
  keysBelow(prefix: string): Promise<readonly string[]>;
  /** The repository below a prefix, as somebody sees it whom nothing disturbs. */
  direct(prefix: string): SeenRepository;
  /** @param rate of the requests that are disturbed; which and how is the same for each seed */
  disturbed(
    prefix: string,
    seed: number,
    rate: number,
  ): Promise<SeenRepository & { readonly happened: readonly string[] } & AsyncDisposable>;
}

/**
 * Backups, verifications and restores over a service while requests and answers are lost, late, refused, cut and changed: each ends
 * complete and equal, or fails and leaves nothing that counts; never a wrong success.
 * @param isHere most runs are of the sources in this process: variables must be the same for all of them
 */
export function faultsSuite(
  name: string,
  seeds: readonly number[],
  openBucket: () => Promise<DisturbedBucket>,
  isHere = false,
): void {
  describe(name, () => {
    let bucket: DisturbedBucket;
    let large: Source;
    let small: Source;
    let variables: Disposable | undefined;
    const happened = new Set<string>();
    const ended = { whole: 0, notBackedUp: 0, notVerified: 0, notRestored: 0 };

    beforeAll(async () => {
      bucket = await openBucket();
      if (isHere) variables = withVariables(bucket.direct("").env);
      // Two parts of an upload, when it is not compressed.
      large = await sourceOf(30_000);
      small = await sourceOf(5000);
    });
    afterAll(async () => {
      variables?.[Symbol.dispose]();
      await bucket[Symbol.asyncDispose]();
      for (const { database } of [large, small]) await database.drop();
    });

    async function run(seed: number): Promise<void> {
      const rate = [0.05, 0.15, 0.3][seed % 3]!;
      const place = `run-${seed}`;
      await using disturbed = await bucket.disturbed(place, seed, rate);
      const { env } = disturbed;
      const ask = isHere && seed % PROGRAM_EVERY !== 0 ? dbbackupHere : dbbackup;
      const repo = ["--repo", disturbed.repo];
      try {
        const format = ["custom", "plain", "directory"][seed % 4] ?? "custom";
        const compression = seed % 2 === 0 ? "none" : "gzip";
        const { database, sum } = compression === "none" ? large : small;
        const what = ["backup", "single", database.name, "--url", database.url, "--format", format, "--json"];
        const made = await ask([...what, "--compression", compression, ...repo], { env });
        const described = (await bucket.keysBelow(`${place}/`)).filter((key) => key.endsWith(".meta.json"));
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
        const direct = bucket.direct(place);
        const sure = await ask(["verify", "--no-record", id, "--repo", direct.repo, "--json"], { env: direct.env });
        expect([sure.status, JSON.parse(sure.stdout.toString())[0].status]).toEqual([0, "ok"]);

        const verified = await ask(["verify", "--no-record", id, ...repo, "--json"], { env });
        if (verified.status !== 0) ended.notVerified++;
        await using target = await withDatabase(database.server);
        const restore = ["restore", "single", id, ...repo, "--url", target.url, "--target", target.name];
        const restored = await ask(restore, { env });
        if (restored.status === 0) {
          expect(await sumOf(target)).toBe(sum);
          if (verified.status === 0) ended.whole++;
        } else {
          expect([restored.status, restored.stderr.toString()]).toEqual([1, expect.stringMatching(/error: /)]);
          ended.notRestored++;
        }
      } finally {
        for (const fault of disturbed.happened) happened.add(fault);
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
        expect([...happened].toSorted()).toEqual([...bucket.faults].toSorted());
        expect(ended.whole).toBeGreaterThan(seeds.length / 2);
      },
      seeds.length * 20_000,
    );
  });
}

/** What is backed up, and what must be there again. */
interface Source {
  readonly database: TestDatabase;
  readonly sum: string;
}

async function sourceOf(rows: number): Promise<Source> {
  const database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE TABLE rows (id int PRIMARY KEY, what text NOT NULL);
    INSERT INTO rows SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, ${rows}) i;`);
  return { database, sum: await sumOf(database) };
}

async function sumOf(database: TestDatabase): Promise<string> {
  return JSON.stringify(await database.sql("SELECT count(*), md5(string_agg(r::text, ',' ORDER BY id)) FROM rows r"));
}
