import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatMetadata } from "../../src/core/metadata/format-metadata.ts";
import { LocalStorage } from "../../src/storage/local/local-storage.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { foreignVariables } from "../helpers/dbbackup.ts";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { type S3Server, startS3Server } from "../helpers/s3-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const Bucket = "copies";
let server: S3Server;
let client: S3Client;
let database: TestDatabase;
let folder: string;
let local: string;
let env: Record<string, string>;
let variables: Disposable;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-cloud-"));
  local = join(folder, "local");
  server = await startS3Server();
  env = { ...server.environment, HOME: folder };
  variables = withVariables(env);
  const { endpoint, credentials } = server;
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE TABLE blobs (id int PRIMARY KEY, hash text NOT NULL, half text);
    INSERT INTO blobs SELECT i, encode(sha256(i::text::bytea), 'hex'), md5(i::text) FROM generate_series(1, 280000) i;
    CREATE TABLE words (word text);
    INSERT INTO words VALUES ('one'), ('two');`);
});
afterAll(async () => {
  variables[Symbol.dispose]();
  client.destroy();
  await server[Symbol.asyncDispose]();
  await database.drop();
  rmSync(folder, { recursive: true });
});

function repository(prefix: string, endpoint = server.endpoint): string {
  return `s3://${Bucket}/${prefix}?endpoint=${endpoint}&region=us-east-1&path-style=true`;
}

async function stored(prefix: string): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${prefix}/` }));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: `${prefix}/` }));
  expect(Uploads).toEqual([]);
  return Contents.map(({ Key }) => Key!.slice(prefix.length + 1)).toSorted();
}

function filesOf(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(place.length + 1))
    .toSorted();
}

function expectSameFiles(left: string, right: string): void {
  expect(filesOf(right)).toEqual(filesOf(left));
  for (const name of filesOf(left)) {
    expect(readFileSync(join(left, name)).equals(readFileSync(join(right, name))), name).toBe(true);
  }
}

async function backupOf({ name, url }: TestDatabase, repo: string, ...args: readonly string[]) {
  const what = ["backup", "single", name, "--url", url, "--repo", repo, "--json", ...args];
  return JSON.parse((await mustDbbackupHere(what)).stdout.toString());
}

async function backup(repo: string, ...args: readonly string[]) {
  return await backupOf(database, repo, ...args);
}

async function json(...args: readonly string[]) {
  return JSON.parse((await mustDbbackupHere([...args, "--json"])).stdout.toString());
}

test("backups go up and come down as they are, with their key files, and are what they were", async () => {
  const [oldKey, newKey] = [newKeyFile(join(folder, "old.key")), newKeyFile(join(folder, "new.key"))];
  await using small = await withDatabase(database.server);
  await small.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS hash FROM generate_series(1, 10000) i");
  const custom = await backupOf(small, local, "--compression", "none");
  const directory = await backupOf(small, local, "--format", "directory", "--encrypt", "--key-file", oldKey);
  await mustDbbackupHere(["backup", "cluster", "--url", small.url, "--database", small.name, "--repo", local]);
  const cluster = (await json("list", "--repo", local)).find(({ scope }: { scope?: string }) => scope === "cluster");
  await mustDbbackupHere([
    "keys",
    "rotate",
    directory.id,
    "--repo",
    local,
    "--key-file",
    oldKey,
    "--new-key-file",
    newKey,
  ]);
  const ids = [custom.id, directory.id, cluster.id];
  const up = await json("cloud", "upload", ...ids, "--repo", local, "--to", repository("all"));
  expect(up).toEqual(
    ids.map((id) => expect.objectContaining({ id, status: "ok", was_there: false, resumed_bytes: 0 })),
  );
  expect(await stored("all")).toEqual(filesOf(local));
  expect((await json("cloud", "list", "--repo", repository("all"))).map(({ id }: { id: string }) => id)).toEqual(ids);
  const plain = await json("verify", "--no-record", custom.id, cluster.id, "--repo", repository("all"));
  const sealed = await json("verify", "--no-record", directory.id, "--repo", repository("all"), "--key-file", newKey);
  expect([...plain, ...sealed].map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);

  // One by its URL, one by the URL of its metadata, one by its id.
  const copies = join(folder, "copies");
  const at = (name: string) => repository(`all/${name}`);
  const names = [at(custom.backup_file), at(`${directory.backup_file}.meta.json`), cluster.id];
  const down = await json("cloud", "download", ...names, "--repo", repository("all"), "--to", copies);
  expect(down.map(({ id }: { id: string }) => id)).toEqual(ids);
  expectSameFiles(local, copies);
  await using restored = await withDatabase(database.server);
  const target = ["--url", restored.url, "--target", restored.name];
  await mustDbbackupHere(["restore", "single", at(custom.backup_file), ...target]);
  expect(await json("compare", small.url, restored.url)).toMatchObject({ equal: true });

  // Again: nothing but new key files goes there.
  const again = await json("cloud", "upload", ...ids, "--repo", local, "--to", repository("all"));
  expect(again.map((copy: { was_there: boolean }) => copy.was_there)).toEqual([true, true, true]);
  const rotate = ["keys", "rotate", directory.id, "--repo", local, "--key-file", newKey, "--new-key-file", oldKey];
  await mustDbbackupHere(rotate);
  await json("cloud", "upload", directory.id, "--repo", local, "--to", repository("all"));
  expect(await stored("all")).toEqual(filesOf(local));
});

test("what restores on trial said of a backup goes with its first copy; holds and records of what was read do not", async () => {
  const [repo, copy] = [join(folder, "proved"), join(folder, "proved-copy")];
  const { id, backup_file: name } = await backup(repo, "--table", "words");
  await mustDbbackupHere(["verify", id, "--repo", repo]);
  await mustDbbackupHere(["hold", id, "--repo", repo, "--reason", "here"]);
  const record = (day: number, status: string, backupId: string): string => {
    const key = `${name}.202601${10 + day}T000000Z-restore-${status}.verify.json`;
    const common = {
      version: 1,
      id: randomUUID(),
      backup: name,
      backup_id: backupId,
      tool: { name: "x", version: "1" },
    };
    const found = { duration_seconds: 1, phases: [], counts: {}, damage_count: 0, damage: [], notes: [], checks: [] };
    const timestamp = `2026-01-${10 + day}T00:00:00.000Z`;
    writeFileSync(join(repo, key), JSON.stringify({ ...common, timestamp, level: "restore", status, ...found }));
    return key;
  };
  record(1, "ok", id);
  const [damaged, proved] = [record(2, "damaged", id), record(3, "ok", id)];
  record(4, "ok", randomUUID());
  await mustDbbackupHere(["cloud", "download", id, "--repo", repo, "--to", copy]);
  expect(filesOf(copy)).toEqual([name, `${name}.meta.json`, damaged, proved].toSorted());
  expect((await json("list", "--repo", copy))[0].verified).toEqual({
    level: "restore",
    status: "ok",
    timestamp: "2026-01-13T00:00:00.000Z",
  });
  // What was there already was not read again: nothing new is said of it.
  record(5, "ok", id);
  await mustDbbackupHere(["cloud", "download", id, "--repo", repo, "--to", copy]);
  expect(filesOf(copy)).toHaveLength(4);
});

test("what is damaged is not copied, and what has the name of another backup stays", async () => {
  const repo = join(folder, "damaged");
  const made = await backup(repo, "--table", "words");
  const file = join(repo, made.backup_file);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  const { status, stderr } = await dbbackupHere(["cloud", "upload", made.id, "--repo", repo, "--to", repository("no")]);
  expect([status, stderr]).toEqual([
    1,
    expect.stringContaining("the stored bytes are not those that the metadata recorded"),
  ]);
  expect(await stored("no")).toEqual([]);

  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  const other = join(folder, "other");
  cpSync(repo, other, { recursive: true });
  const metadata = readFileSync(`${file}.meta.json`, "utf8");
  writeFileSync(join(other, `${made.backup_file}.meta.json`), metadata.replace(/"tool": \{/, '"tool": {  '));
  const taken = await dbbackupHere(["cloud", "download", file, "--to", other]);
  expect([taken.status, taken.stderr]).toEqual([1, expect.stringContaining("another backup has this name there")]);
  const loose = join(folder, "loose.dump");
  writeFileSync(loose, bytes);
  const without = await dbbackupHere(["cloud", "upload", loose, "--to", repository("no")]);
  expect([without.status, without.stderr]).toEqual([2, expect.stringContaining("a file without metadata")]);
  const nowhere = await dbbackupHere(["cloud", "upload", file]);
  expect([nowhere.status, nowhere.stderr]).toEqual([2, expect.stringContaining("--to")]);
});

/** Passes requests on, and calls back behind each answer to a part of an upload, or a range that was read. */
async function startCounter(onPiece: () => void): Promise<Server> {
  const passing = createServer((incoming, outgoing) => {
    const { method = "", url = "", headers } = incoming;
    const asked = request({ host: "127.0.0.1", port: new URL(server.endpoint).port, method, path: url, headers });
    asked.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      pipeline(answer, outgoing).then(
        () => (url.includes("partNumber=") || headers.range !== undefined) && onPiece(),
        () => {},
      );
    });
    asked.on("error", () => outgoing.destroy());
    pipeline(incoming, asked).catch(() => {});
  });
  await new Promise<void>((resolve) => passing.listen(0, "127.0.0.1", resolve));
  return passing;
}

async function killedBehindPieces(pieces: number, argsOf: (url: string) => readonly string[]): Promise<void> {
  let count = 0;
  const passing = await startCounter(() => ++count === pieces && running.kill("SIGKILL"));
  const endpoint = `http://127.0.0.1:${(passing.address() as AddressInfo).port}`;
  const running = spawn(process.execPath, [await builtProgram(), ...argsOf(endpoint)], {
    env: { ...process.env, ...foreignVariables, ...env },
    stdio: "ignore",
  });
  const [, signal] = await once(running, "exit");
  passing.closeAllConnections();
  passing.close();
  expect(signal).toBe("SIGKILL");
}

test("a copy that is killed is no backup, survives backups in between, and goes on where it was", async () => {
  const repo = join(folder, "killed");
  const made = await backup(repo, "--compression", "none");
  const to = "went-on";
  await killedBehindPieces(3, (endpoint) => [
    "cloud",
    "upload",
    made.id,
    "--repo",
    repo,
    "--to",
    repository(to, endpoint),
  ]);
  expect(await json("list", "--repo", repository(to))).toEqual([]);
  const small = [
    "backup",
    "single",
    database.name,
    "--url",
    database.url,
    "--table",
    "words",
    "--repo",
    repository(to),
  ];
  const told = await mustDbbackupHere(small);
  expect(told.stderr).toContain("an unfinished copy of");
  const [copied] = await json("cloud", "upload", made.id, "--repo", repo, "--to", repository(to));
  expect(copied).toMatchObject({ status: "ok", was_there: false });
  expect(copied.resumed_bytes).toBeGreaterThan(8 << 20);
  expect((await json("verify", made.id, "--repo", repository(to)))[0].status).toBe("ok");

  const down = join(folder, "down");
  await killedBehindPieces(8, (endpoint) => [
    "cloud",
    "download",
    made.id,
    "--repo",
    repository(to, endpoint),
    "--to",
    down,
  ]);
  expect(await json("list", "--repo", down)).toEqual([]);
  const [back] = await json("cloud", "download", made.id, "--repo", repository(to), "--to", down);
  expect(back.resumed_bytes).toBeGreaterThan(1 << 20);
  expectSameFiles(repo, down);
});

test("a backup goes into further repositories, each by itself; what failed is caught up with", async () => {
  const first = join(folder, "first");
  const second = join(folder, "second");
  const nowhere = repository("x").replace(`//${Bucket}/`, "//no-such-bucket/");
  const what = [
    "backup",
    "single",
    database.name,
    "--url",
    database.url,
    "--repo",
    first,
    "--table",
    "words",
    "--json",
  ];
  const to = ["--replica", nowhere, "--replica", repository("replicas"), "--replica", second, "--replica", first];
  const { status, stdout, stderr } = await dbbackupHere([...what, ...to]);
  const made = JSON.parse(stdout.toString());
  expect([status, made.replicas]).toEqual([
    3,
    [
      { location: "s3://no-such-bucket/x", status: "failed", error: expect.objectContaining({ exit_status: 1 }) },
      { location: `s3://${Bucket}/replicas`, status: "ok" },
      { location: second, status: "ok" },
      { location: first, status: "failed", error: expect.objectContaining({ exit_status: 2 }) },
    ],
  ]);
  expect(stderr).toContain(`cloud upload ${made.id}`);
  expectSameFiles(first, second);
  expect(await stored("replicas")).toEqual(filesOf(first));
  expect(readFileSync(join(first, `${made.backup_file}.meta.json`), "utf8")).not.toContain("replicas");
  await mustDbbackupHere(what);
  const all = await json("cloud", "upload", "--all", "--repo", first, "--to", second);
  expect(all.map((copy: { was_there: boolean }) => copy.was_there)).toEqual([true, false]);
  expectSameFiles(first, second);
  const refused = await dbbackupHere([...what, "--replica", "gopher://x"]);
  expect([refused.status, filesOf(first)]).toEqual([2, filesOf(second)]);
});

test("backups are removed whole, when that is confirmed, and nothing else is", async () => {
  const key = newKeyFile(join(folder, "delete.key"));
  const repo = repository("removed");
  const made = await backup(
    join(folder, "removed"),
    "--table",
    "words",
    "--format",
    "directory",
    "--encrypt",
    "--key-file",
    key,
  );
  const kept = await backup(join(folder, "removed"), "--table", "words");
  await json("cloud", "upload", made.id, kept.id, "--repo", join(folder, "removed"), "--to", repo);
  await mustDbbackupHere(["keys", "rotate", made.id, "--repo", repo, "--key-file", key, "--new-key-file", key]);
  const before = await stored("removed");
  const unconfirmed = await dbbackupHere(["cloud", "delete", made.id, "--repo", repo]);
  expect([unconfirmed.status, unconfirmed.stdout.toString()]).toEqual([2, expect.stringContaining(made.id)]);
  await mustDbbackupHere(["cloud", "delete", made.id, "--repo", repo, "--dry-run"]);
  expect(await stored("removed")).toEqual(before);
  await mustDbbackupHere(["cloud", "delete", made.id, "--repo", repo, "--confirm"]);
  expect(await stored("removed")).toEqual([kept.backup_file, `${kept.backup_file}.meta.json`]);
});

test("a removal that was interrupted is finished, and nobody is led to remove what belongs to others", async () => {
  const repo = join(folder, "half");
  const args = ["--table", "words"];
  const [half, other, kept] = [await backup(repo, ...args), await backup(repo, ...args), await backup(repo, ...args)];
  rmSync(join(repo, `${half.backup_file}.meta.json`));
  const record = (of: string, files: readonly string[]) => {
    const removal = { kind: "removal", version: 1, id: half.id, metadata: `${of}.meta.json`, files };
    writeFileSync(join(repo, `${of}.removing.json`), JSON.stringify(removal));
  };
  record(half.backup_file, [half.backup_file]);
  // Of a backup that does not exist, and names the files of one that does.
  record("forged.dump", [kept.backup_file]);
  // Of one that is there again, or was not removed yet.
  record(kept.backup_file, [kept.backup_file]);
  writeFileSync(join(repo, `${half.backup_file}.notes.txt`), "mine");
  const dry = await json("cloud", "delete", half.id, "--repo", repo, "--dry-run");
  expect(dry).toEqual([{ id: half.id, location: repo, removed: false }]);
  const { stderr } = await mustDbbackupHere(["cloud", "delete", other.id, half.id, "--repo", repo, "--confirm"]);
  expect(stderr).toContain("finished the removal of 1 backup");
  expect(filesOf(repo)).toEqual(
    [
      kept.backup_file,
      `${kept.backup_file}.meta.json`,
      `${kept.backup_file}.removing.json`,
      "forged.dump.removing.json",
      `${half.backup_file}.notes.txt`,
    ].toSorted(),
  );
});

test("metadata that name a file of another backup do not get it removed", async () => {
  const repo = join(folder, "named");
  const kept = await backup(repo, "--table", "words");
  const { self_sha256: _, ...metadata } = JSON.parse(readFileSync(join(repo, `${kept.backup_file}.meta.json`), "utf8"));
  const id = "019e1f30-0000-7000-8000-000000000001";
  const forged = formatMetadata({ ...metadata, id, backup_file: "forged.dump" });
  writeFileSync(join(repo, "forged.dump.meta.json"), forged);
  const before = filesOf(repo);
  const { status, stderr } = await dbbackupHere(["cloud", "delete", id, "--repo", repo, "--confirm"]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("may be a file of another backup")]);
  expect(filesOf(repo)).toEqual(before);
});

test("what an earlier run left torn is told of, removed, and brought anew", async () => {
  const made = await backup(join(folder, "torn"), "--table", "words");
  const target = join(folder, "torn-copy");
  const storage = new LocalStorage(target, { now: () => new Date(), monotonic: () => 0 });
  const seal = `${made.backup_file}.meta.json`;
  const transfer = await storage.beginTransfer({ id: made.id, note: "a copy", folder: undefined, seal });
  await (await transfer.open(made.backup_file)).write(Buffer.alloc(100));
  await transfer.end();
  const download = ["cloud", "download", made.id, "--repo", join(folder, "torn"), "--to", target];
  // Bytes that were not ended may still be on their way to the file.
  const left = join(target, `.tmp-${made.id}`, "2", made.backup_file);
  writeFileSync(left, Buffer.alloc(100));
  const { status, stderr } = await dbbackupHere(download);
  expect([status, stderr]).toEqual([1, expect.stringContaining("what an earlier run had copied and the rest are not")]);
  expect(filesOf(target)).toEqual([]);
  await mustDbbackupHere(download);
  expectSameFiles(join(folder, "torn"), target);
});
