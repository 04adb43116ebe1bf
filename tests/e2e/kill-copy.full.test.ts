import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { startS3FaultProxy } from "../helpers/s3-fault-proxy.ts";
import { type S3Server, startS3Server } from "../helpers/s3-server.ts";
import { seededRandom } from "../helpers/seeded-random.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

const Bucket = "kills";
const MOMENTS = 10;
let server: S3Server;
let client: S3Client;
let folder: string;
/** A custom file of some 25 MB, and an encrypted folder with key files. */
let source: string;
let ids: readonly string[];
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-kill-copy-"));
  source = join(folder, "source");
  server = await startS3Server();
  const { endpoint, credentials } = server;
  env = { ...server.environment, HOME: folder };
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE TABLE large AS SELECT i, encode(sha256(i::text::bytea), 'hex') AS hash FROM generate_series(1, 350000) i;
    CREATE TABLE small AS SELECT i, md5(i::text) AS hash FROM generate_series(1, 20000) i;`);
  const [a, b] = [newKeyFile(join(folder, "a.key")), newKeyFile(join(folder, "b.key"))];
  const what = ["backup", "single", database.name, "--url", database.url, "--repo", source, "--json"];
  const made = async (...args: readonly string[]) =>
    JSON.parse((await mustDbbackup([...what, ...args])).stdout.toString());
  const custom = await made("--compression", "none");
  const directory = await made("--format", "directory", "--table", "small", "--encrypt", "--key-file", a);
  await mustDbbackup(["keys", "rotate", directory.id, "--repo", source, "--key-file", a, "--new-key-file", b]);
  expect(filesOf(source).size).toBeGreaterThanOrEqual(8);
  ids = [custom.id, directory.id];
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function repository(prefix: string, endpoint = server.endpoint): string {
  return `s3://${Bucket}/${prefix}?endpoint=${endpoint}&region=us-east-1&path-style=true`;
}

function filesOf(place: string): Map<string, Buffer> {
  const files = readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((path) => [path.slice(place.length + 1), readFileSync(path)]));
}

async function objectsOf(prefix: string): Promise<Map<string, Buffer>> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${prefix}/` }));
  const found = new Map<string, Buffer>();
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    found.set(Key!.slice(prefix.length + 1), Buffer.from(await Body!.transformToByteArray()));
  }
  return found;
}

async function expectNoUploads(prefix: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: `${prefix}/` }));
  expect(Uploads, prefix).toEqual([]);
}

function expectSame(found: Map<string, Buffer>, wanted: Map<string, Buffer>, what: string): void {
  expect([...found.keys()].toSorted(), what).toEqual([...wanted.keys()].toSorted());
  for (const [name, bytes] of wanted) expect(found.get(name)!.equals(bytes), `${what}: ${name}`).toBe(true);
}

/** What is listed has all its files as they were; @returns their ids */
async function expectListedWhole(repo: string, found: Map<string, Buffer>, what: string): Promise<readonly string[]> {
  const { stdout } = await mustDbbackup(["list", "--repo", repo, "--json"], { env });
  const listed = JSON.parse(stdout.toString()) as readonly { id: string; artifacts: readonly { name: string }[] }[];
  const wanted = filesOf(source);
  for (const { artifacts } of listed) {
    for (const { name } of artifacts) expect(found.get(name)?.equals(wanted.get(name)!), `${what}: ${name}`).toBe(true);
  }
  return listed.map(({ id }) => id);
}

async function started(args: readonly string[]) {
  return spawn(process.execPath, [await builtProgram(), ...args], {
    env: { ...process.env, ...foreignVariables, ...env },
    stdio: "ignore",
  });
}

/** @returns milliseconds that it takes, of which at least so many pass before it does anything */
async function timeOf(args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = await started(args);
  expect((await once(child, "exit"))[0]).toBe(0);
  return performance.now() - begin;
}

async function isKilled(args: readonly string[], afterMs: number): Promise<boolean> {
  const child = await started(args);
  const ended = once(child, "exit");
  await Promise.race([ended, sleep(afterMs)]);
  child.kill("SIGKILL");
  return (await ended)[1] === "SIGKILL";
}

/** Kills a command at moments of which the program's start takes the first few. */
async function atMoments(
  seed: number,
  argsOf: (place: string) => readonly string[],
  before: (place: string) => Promise<void>,
  after: (place: string) => Promise<void>,
): Promise<void> {
  await before("timing");
  let shortest = await timeOf(argsOf("timing"));
  const random = seededRandom(seed);
  for (let killed = 0, attempt = 0; killed < MOMENTS; attempt++) {
    expect(attempt, "hardly any was killed before it was done").toBeLessThan(3 * MOMENTS);
    const place = `${seed}-${attempt}`;
    await before(place);
    const begin = performance.now();
    if (await isKilled(argsOf(place), shortest * (0.2 + 0.8 * random()))) killed++;
    else shortest = Math.min(shortest, performance.now() - begin);
    await after(place);
  }
}

const uploadTo = (repo: string) => ["cloud", "upload", ...ids, "--repo", source, "--to", repo];
const downTo = (place: string) => join(folder, `down-${place}`);
const goneFrom = (place: string) => repository(`gone-${place}`);
const upload = (place: string) => uploadTo(repository(`up-${place}`));
const download = (place: string) => ["cloud", "download", ...ids, "--repo", repository("all"), "--to", downTo(place)];
const removal = (place: string) => ["cloud", "delete", ...ids, "--repo", goneFrom(place), "--confirm"];
const uploaded = async (place: string) => void (await mustDbbackup(uploadTo(goneFrom(place)), { env }));
const nothing = async (): Promise<void> => {};

test(
  `cloud upload, killed at ${MOMENTS} moments`,
  async () => {
    await atMoments(1, upload, nothing, async (place) => {
      await expectListedWhole(repository(`up-${place}`), await objectsOf(`up-${place}`), place);
      await mustDbbackup(upload(place), { env });
      expectSame(await objectsOf(`up-${place}`), filesOf(source), place);
      await expectNoUploads(`up-${place}`);
    });
  },
  MOMENTS * 20_000,
);

test(
  `cloud download, killed at ${MOMENTS} moments`,
  async () => {
    await mustDbbackup(["cloud", "upload", ...ids, "--repo", source, "--to", repository("all")], { env });
    await atMoments(2, download, nothing, async (place) => {
      if (readdirSync(folder).includes(`down-${place}`))
        await expectListedWhole(downTo(place), filesOf(downTo(place)), place);
      await mustDbbackup(download(place), { env });
      expectSame(filesOf(downTo(place)), filesOf(source), place);
      rmSync(downTo(place), { recursive: true });
    });
  },
  MOMENTS * 20_000,
);

test(
  `cloud delete, killed at ${MOMENTS} moments: what it was about is as before, or gone`,
  async () => {
    await atMoments(3, removal, uploaded, async (place) => {
      const left = await expectListedWhole(goneFrom(place), await objectsOf(`gone-${place}`), place);
      // What is gone already is named no more; with nothing named, what was interrupted is finished by an upload, too.
      if (left.length > 0) {
        await mustDbbackup(["cloud", "delete", ...left, "--repo", goneFrom(place), "--confirm"], { env });
      } else {
        await mustDbbackup(uploadTo(goneFrom(place)), { env });
        await mustDbbackup(removal(place), { env });
      }
      expectSame(await objectsOf(`gone-${place}`), new Map(), place);
      await expectNoUploads(`gone-${place}`);
    });
  },
  MOMENTS * 25_000,
);

test(
  "20 copies over a disturbed S3 end equal, or fail with nothing listed",
  async () => {
    let whole = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const prefix = `disturbed-${seed}`;
      const down = join(folder, prefix);
      await using proxy = await startS3FaultProxy(server.port, seed, [0.05, 0.15, 0.3][seed % 3]!);
      const through = repository(prefix, proxy.endpoint);
      const up = await dbbackup(["cloud", "upload", ids[seed % 2]!, "--repo", source, "--to", through], { env });
      const listed = await expectListedWhole(repository(prefix), await objectsOf(prefix), prefix);
      expect([up.status, listed], up.stderr.toString()).toEqual(up.status === 0 ? [0, [ids[seed % 2]]] : [1, listed]);
      if (up.status !== 0) expect(up.stderr.toString()).toMatch(/error: /);
      if (up.status !== 0)
        await mustDbbackup(["cloud", "upload", ids[seed % 2]!, "--repo", source, "--to", repository(prefix)], { env });
      const names = ["cloud", "download", ids[seed % 2]!];
      const got = await dbbackup([...names, "--repo", through, "--to", down], { env });
      if (up.status === 0 && got.status === 0) whole++;
      if (got.status !== 0) {
        expect([got.status, got.stderr.toString()]).toEqual([1, expect.stringMatching(/error: /)]);
        if (readdirSync(folder).includes(prefix)) await expectListedWhole(down, filesOf(down), prefix);
        await mustDbbackup([...names, "--repo", repository(prefix), "--to", down], { env });
      }
      expectSame(filesOf(down), await objectsOf(prefix), prefix);
      await expectNoUploads(prefix);
      cpSync(down, join(folder, "checked"), { recursive: true, force: false });
      rmSync(down, { recursive: true });
    }
    expectSame(filesOf(join(folder, "checked")), filesOf(source), "all of them");
    expect(whole).toBeGreaterThan(8);
  },
  20 * 30_000,
);
