import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;
let recipient: string;
let writer: string;
const file = (...names: readonly string[]): string => join(folder, ...names);
const key = (name: string): string[] => ["--key-file", file(name)];

async function generate(type: string): Promise<Record<string, string>> {
  const args = ["keys", "generate", "--type", type, "--output", file(type), "--json"];
  return JSON.parse((await mustDbbackup(args)).stdout.toString());
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-chain-"));
  database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT 1 AS id");
  await generate("raw");
  recipient = (await generate("x25519"))["recipient"]!;
  writer = (await generate("ed25519"))["verify_key"]!;
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function backup(repo: string, ...args: readonly string[]) {
  const what = ["backup", "single", database.name, "--url", database.url, "--repo", repo, "--encrypt"];
  return JSON.parse((await mustDbbackup([...what, ...args, "--json"])).stdout.toString());
}

async function list(repo: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = await dbbackup(["list", "--repo", repo, ...args]);
  return { status, text: stdout.toString(), told: stderr };
}

const metadataOf = (repo: string, { backup_file: name }: { backup_file: string }) =>
  join(repo, name.replace(/\.enc$/, ".meta.json"));

test("backups are numbered, and what is missing, exchanged or copied is told by whoever has a key", async () => {
  const repo = file("chain");
  const [one, two, three] = [
    await backup(repo, ...key("raw")),
    await backup(repo, ...key("raw")),
    await backup(repo, ...key("raw")),
  ];
  expect([one.sequence, two.sequence, three.sequence]).toEqual([1, 2, 3]);
  expect(three.previous.id).toBe(two.id);
  expect(await list(repo, ...key("raw"))).toMatchObject({ status: 0, told: "" });
  expect((await list(repo, ...key("raw"))).text).toContain("custom, gzip-4, encrypted");
  // Gone.
  renameSync(metadataOf(repo, two), file("two.meta.json"));
  expect((await list(repo, ...key("raw"))).told).toContain(`the backup before it, "${two.id}", is not there`);
  const verified = await mustDbbackup(["verify", three.id, "--repo", repo, ...key("raw")]);
  expect(verified.stdout.toString()).toContain("is not there: it was removed");
  await mustDbbackup(["restore", "single", three.id, "--list", "--repo", repo, ...key("raw")]);
  // Back, and an old one under a newer name.
  renameSync(file("two.meta.json"), metadataOf(repo, two));
  copyFileSync(metadataOf(repo, one), join(repo, "zz_newer.dump.meta.json"));
  expect((await list(repo, ...key("raw"))).told).toContain("it is there twice");
  // A number that somebody changed is not what was sealed.
  const described = readFileSync(metadataOf(repo, three), "utf8");
  writeFileSync(metadataOf(repo, three), described.replace('"sequence": 3', '"sequence": 9'));
  expect((await list(repo, ...key("raw"))).status).toBe(3);
});

test("backups of a public key: only the owner of the writer's key makes them", async () => {
  const repo = file("signed");
  const writing = ["--recipient", recipient, "--sign-key", file("ed25519")];
  const genuine = await backup(repo, ...writing);
  expect(genuine).toMatchObject({ encrypted: true });
  const faked = await backup(repo, "--recipient", recipient);
  const trusting = ["--repo", repo, ...key("x25519")];
  const strict = [...trusting, "--verify-key", writer];
  await mustDbbackup(["verify", genuine.id, ...strict]);
  await mustDbbackup(["restore", "single", genuine.id, "--list", ...strict]);
  await mustDbbackup(["verify", faked.id, ...trusting]);
  const refused = await dbbackup(["verify", faked.id, ...strict]);
  expect([refused.status, refused.stderr]).toEqual([4, expect.stringContaining("it is not signed")]);
  expect((await dbbackup(["restore", "single", faked.id, "--list", ...strict])).status).toBe(1);
  expect((await list(repo, ...key("x25519"), "--verify-key", writer)).told).toContain("it is not signed");
  // Signed by somebody else.
  await mustDbbackup(["keys", "generate", "--type", "ed25519", "--output", file("mallory")]);
  const other = await backup(repo, "--recipient", recipient, "--sign-key", file("mallory"));
  const stranger = await dbbackup(["verify", other.id, ...strict]);
  expect([stranger.status, stranger.stderr]).toEqual([4, expect.stringContaining("none of that key")]);
  // A file without metadata, and input without any, bring no signature.
  copyFileSync(join(repo, genuine.backup_file), file("alone.enc"));
  expect((await dbbackup(["verify", file("alone.enc"), ...strict])).status).toBe(4);
  const piped = ["restore", "single", "-", "--url", database.url, "--target", "x", ...strict];
  expect((await dbbackup(piped, { input: Buffer.alloc(0) })).status).toBe(2);
  expect((await mustDbbackup(["show", genuine.id, ...strict])).stdout.toString()).toContain(writer);
});
