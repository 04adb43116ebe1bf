import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { WriteStream } from "node:tty";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../src/frontends/cli/run-cli.ts";
import { createServices } from "../../src/main/services.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-verify-many-"));
  database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 500) i");
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

let repositories = 0;

/** A repository with a backup in each of these formats. */
async function repository(formats: readonly string[], ...more: string[]): Promise<{ repo: string; files: string[] }> {
  const repo = join(folder, `repo-${repositories++}`);
  const files: string[] = [];
  for (const format of formats) {
    const args = ["backup", "single", database.name, "--url", database.url, "--repo", repo, "--format", format];
    const { stdout } = await mustDbbackupHere([...args, "--json", ...more]);
    const { backup_file: file } = JSON.parse(stdout.toString()) as { backup_file: string };
    files.push(join(repo, file));
  }
  return { repo, files };
}

const records = (repo: string): string[] => readdirSync(repo).filter((name) => name.endsWith(".verify.json"));

function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(file, bytes);
}

async function verify(repo: string, ...args: string[]) {
  const { status, stdout, stderr } = await dbbackupHere(["verify", "--repo", repo, "--json", ...args]);
  const results = JSON.parse(stdout.toString()) as Record<string, string>[];
  return { status, stderr, results, outcomes: results.map((result) => result.status) };
}

test("all of a repository: damage of one does not keep the others from it; several at a time, told in their order", async () => {
  const { repo, files } = await repository(["custom", "plain", "directory", "tar"]);
  damage(files[1]!);
  for (const jobs of ["1", "3"]) {
    const { status, outcomes, results } = await verify(repo, "--all", "--jobs", jobs);
    expect([status, outcomes]).toEqual([4, ["ok", "damaged", "ok", "ok"]]);
    expect(results.map(({ location }) => location)).toEqual(files.map((file) => expect.stringContaining(file)));
  }
  // Each left its record, whose name says what it says.
  const names = records(repo);
  expect(names.filter((name) => /Z-full-ok(-\d+)?\.verify\.json$/.test(name))).toHaveLength(6);
  expect(names.filter((name) => /Z-full-damaged(-\d+)?\.verify\.json$/.test(name))).toHaveLength(2);
  const listed = async (...args: string[]) =>
    (await mustDbbackupHere(["list", "--repo", repo, ...args])).stdout.toString();
  const columns = (await listed()).trimEnd().split("\n").slice(1);
  expect(columns.map((line) => /\S+, \S+$/.exec(line)?.[0])).toEqual([
    "full, now",
    "damaged, now",
    "full, now",
    "full, now",
  ]);
  const documents = JSON.parse(await listed("--json")) as { verified: { timestamp: string } }[];
  expect(documents.map(({ verified }) => verified)).toEqual(
    ["ok", "damaged", "ok", "ok"].map((status) => ({ level: "full", status, timestamp: expect.any(String) })),
  );
  for (const { verified } of documents) expect(Date.now() - Date.parse(verified.timestamp)).toBeLessThan(600_000);
  const text = (await dbbackupHere(["verify", "--repo", repo, "--all"])).stdout.toString();
  expect(text).toMatch(/3 of 4 backups are whole\n$/);
});

test("a quick look finds what is cut, missing or has no table of contents, and says that it read nothing else", async () => {
  const { repo, files } = await repository(["custom", "custom", "directory", "plain"]);
  expect((await verify(repo, "--all", "--quick")).outcomes).toEqual(["ok", "ok", "ok", "ok"]);
  writeFileSync(files[0]!, readFileSync(files[0]!).subarray(0, -1));
  const header = readFileSync(files[1]!);
  header[2]! ^= 1;
  writeFileSync(files[1]!, header);
  rmSync(join(files[2]!, "toc.dat"));
  damage(files[3]!);
  const { status, outcomes, results } = await verify(repo, "--all", "--quick");
  expect([status, outcomes]).toEqual([4, ["damaged", "damaged", "damaged", "ok"]]);
  expect(results.map(({ level }) => level)).toEqual(["quick", "quick", "quick", "quick"]);
  const { stdout } = await dbbackupHere(["verify", files[3]!, "--quick"]);
  expect(stdout.toString()).toMatch(/stored .* not read; sizes and table of contents/);
});

test("--database chooses, --no-record writes nothing, and nothing is verified without being meant", async () => {
  const { repo } = await repository(["custom"]);
  plantBackup(repo, "other", 3);
  expect((await verify(repo, "--database", database.name, "--no-record")).outcomes).toEqual(["ok"]);
  expect((await verify(repo, "--database", "other", "--no-record")).outcomes).toEqual(["damaged"]);
  expect((await verify(repo, "--database", "none", "--no-record")).results).toEqual([]);
  expect(records(repo)).toEqual([]);
  for (const args of [
    [],
    ["--all", "latest:other"],
    ["--sample", "2/7"],
    ["--sample", "1/7", "--no-record"],
    ["--quick", "--restore", "--all"],
  ])
    expect((await dbbackupHere(["verify", "--repo", repo, ...args])).status, args.join(" ")).toBe(2);
});

test("--older-than takes those that were not looked at as closely since then; an old record counts as a restore", async () => {
  const { repo, files } = await repository(["custom", "custom", "custom"]);
  await verify(repo, files[0]!, "--quick");
  await verify(repo, files[1]!);
  expect((await verify(repo, "--older-than", "1h", "--quick", "--no-record")).results).toHaveLength(1);
  expect((await verify(repo, "--older-than", "1h", "--no-record")).results).toHaveLength(2);
  const record = records(repo).find((name) => name.includes("-full-ok"));
  const old = record!.replace(/\d{8}T\d{6}Z-full-ok/, "20260101T000000Z");
  renameSync(join(repo, record!), join(repo, old));
  expect((await verify(repo, "--older-than", "1h", "--no-record")).results).toHaveLength(3);
  expect((await verify(repo, "--older-than", "3650d", "--no-record")).results).toHaveLength(2);
});

test("a budget begins no more when it is up, and tells what was not reached; the longest unchecked are first", async () => {
  const { repo, files } = await repository(["custom", "custom", "custom"]);
  await verify(repo, files[0]!);
  // An hour passes with each look at the clock.
  let hours = 0;
  const services = createServices();
  const clock = { now: () => services.clock.now(), monotonic: () => hours++ * 3600 * 1000 };
  const [args, pieces] = [["verify", "--repo", repo, "--budget", "2h", "--no-record", "--json"], [] as Buffer[]];
  const stdout = new Writable({
    write: (piece: Buffer, _, done) => {
      pieces.push(piece);
      done();
    },
  });
  const stderr = new Writable({ write: (_, __, done) => done() }) as Writable as WriteStream;
  const environment = { HOME: folder };
  const { signal } = new AbortController();
  const status = await runCli({ args, environment, stdout, stderr, signal, services: { ...services, clock } });
  const results = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, string>[];
  expect([status, results.map((result) => result.status)]).toEqual([0, ["ok", "not-reached", "not-reached"]]);
  expect(results[0]!.location).toBe(files[1]);
  expect(results.at(-1)!.backup).toBe(files[0]);
});

test("seven runs of 1/7 verify all, though backups come and go", async () => {
  const repo = join(folder, "sampled");
  mkdirSync(repo);
  const planted = Array.from({ length: 20 }, (_, place) => plantBackup(repo, "shop", place));
  const seen = new Set<string>();
  for (let run = 0; run < 7; run++) {
    const { results } = await verify(repo, "--sample", "1/7", "--quick");
    for (const { id } of results) seen.add(id!);
    // The oldest that was seen goes, and one comes.
    const gone = planted.find(({ id, name }) => seen.has(id) && existsSync(join(repo, name)));
    for (const end of ["", ".meta.json"]) rmSync(join(repo, gone!.name + end));
    plantBackup(repo, "shop", 30 + run);
  }
  expect(planted.filter(({ id }) => !seen.has(id))).toEqual([]);
});

test("records of an encrypted backup tell nothing of it, and those that its keys did not write are not believed", async () => {
  const key = newKeyFile(join(folder, "key"));
  const { repo, files } = await repository(["custom"], "--encrypt", "--key-file", key);
  const keyed = ["--key-file", key];
  expect((await verify(repo, "--all", ...keyed)).outcomes).toEqual(["ok"]);
  const [name] = records(repo);
  const record = JSON.parse(readFileSync(join(repo, name!), "utf8")) as Record<string, unknown>;
  expect(record).toMatchObject({
    status: "ok",
    level: "full",
    counts: {},
    damage: [],
    mac: expect.stringMatching(/^[\da-f]{64}$/),
  });
  const shown = async () =>
    JSON.parse((await mustDbbackupHere(["show", files[0]!, ...keyed, "--json"])).stdout.toString()).verifications;
  expect(await shown()).toHaveLength(1);
  expect((await verify(repo, "--older-than", "1h", ...keyed)).results).toEqual([]);
  // Of another time, another outcome, or of no key at all.
  for (const change of [{ timestamp: new Date().toISOString() }, { mac: undefined }, { mac: "00" }, { notes: ["x"] }]) {
    writeFileSync(join(repo, name!), JSON.stringify({ ...record, ...change }));
    expect([change, await shown()]).toEqual([change, undefined]);
    expect(
      (await verify(repo, "--older-than", "1h", "--no-record", ...keyed)).results,
      Object.keys(change)[0],
    ).toHaveLength(1);
  }
  writeFileSync(join(repo, name!), JSON.stringify(record));
  renameSync(join(repo, name!), join(repo, name!.replace("-full-", "-restore-")));
  expect((await verify(repo, "--older-than", "1h", "--no-record", ...keyed)).results).toHaveLength(1);
});

test("the examples of the docs run", async () => {
  const { repo } = await repository(["custom"]);
  const page = readFileSync(new URL("../../docs/verification.md", import.meta.url), "utf8");
  const lines = /```sh\n(.*?)```/s.exec(page)![1]!.trim().split("\n");
  expect(lines).toHaveLength(3);
  for (const line of lines) await mustDbbackupHere([...line.split(" ").slice(1), "--repo", repo]);
  expect(
    records(repo)
      .map((name) => /-(quick|full)-ok/.exec(name)?.[1])
      .toSorted(),
  ).toEqual(["full", "quick"]);
});
