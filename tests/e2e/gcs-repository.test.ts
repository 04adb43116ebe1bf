import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Check } from "../../src/ports/preflight.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { type GcsServer, startGcsServer } from "../helpers/gcs/gcs-server.ts";
import { repositorySuite } from "../helpers/repository-suite.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const bucket = "backups";
let server: GcsServer;
let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
let variables: Disposable;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-gcs-"));
  const rsa = {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  } as const;
  const { publicKey, privateKey } = generateKeyPairSync("rsa", rsa);
  server = await startGcsServer({ publicKey, pageSize: 3, keptOfChunk: 3 * 1024 * 1024 });
  server.makeBucket(bucket);
  env = {
    HOME: folder,
    METADATA_SERVER_DETECTION: "none",
    GOOGLE_APPLICATION_CREDENTIALS: accountFile("writer", privateKey),
  };
  variables = withVariables(env);
  accountFile("stranger", generateKeyPairSync("rsa", rsa).privateKey);
  database = await withDatabase(await sharedServer(18));
  // Larger than the first part of an upload, as it is stored.
  await database.sql(`
    CREATE TABLE blobs (id int PRIMARY KEY, hash text NOT NULL, half text);
    INSERT INTO blobs SELECT i, encode(sha256(i::text::bytea), 'hex'), md5(i::text) FROM generate_series(1, 120000) i;
    CREATE TABLE words (word text);
    INSERT INTO words VALUES ('one'), ('two');`);
});
afterAll(async () => {
  variables[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** A key file as Google makes it for a service account. */
function accountFile(name: string, privateKey: string): string {
  const path = join(folder, `${name}.json`);
  const account = {
    type: "service_account",
    project_id: "project",
    private_key_id: name,
    private_key: privateKey,
    client_email: `${name}@project.iam.gserviceaccount.com`,
    client_id: "1",
    token_uri: "https://oauth2.googleapis.com/token",
  };
  writeFileSync(path, JSON.stringify(account), { mode: 0o600 });
  return path;
}

function repository(prefix: string): string[] {
  return ["--repo", `gs://${bucket}/${prefix}?endpoint=${server.endpoint}`];
}

function stored(prefix: string): string[] {
  const names = [...server.buckets.get(bucket)!.keys()].filter((name) => name.startsWith(`${prefix}/`));
  return names.map((name) => name.slice(prefix.length + 1)).toSorted();
}

const source = (): string[] => ["backup", "single", database.name, "--url", database.url];

repositorySuite("a bucket of Google", () => ({
  database,
  env,
  url: (prefix) => repository(prefix)[1]!,
  objects: async (prefix) => stored(prefix),
  uploads: async () => [...server.sessions.keys()],
  forgetsUploads: true,
  beginning: async (prefix, name) => server.buckets.get(bucket)!.get(`${prefix}/${name}`)!.bytes.subarray(0, 8),
}));

test("a byte that rotted in the bucket is found", async () => {
  const name = stored("custom").find((each) => each.endsWith(".dump"));
  const { bytes } = server.buckets.get(bucket)!.get(`custom/${name}`)!;
  bytes[bytes.length >> 1]! ^= 1;
  const { status, stdout } = await dbbackupHere([
    "verify",
    `latest:${database.name}`,
    ...repository("custom"),
    "--json",
  ]);
  expect([status, JSON.parse(stdout.toString())[0].status]).toEqual([4, "damaged"]);
});

test("without credentials, with another's key and without a right it says so, without secrets, and leaves nothing", async () => {
  const backup = [...source(), ...repository("refused")];
  using nothing = withVariables({ GOOGLE_APPLICATION_CREDENTIALS: undefined });
  const nobody = await dbbackupHere(backup);
  nothing[Symbol.dispose]();
  expect([nobody.status, nobody.stderr.toString()]).toEqual([1, expect.stringContaining("no credentials were found")]);
  using other = withVariables({ GOOGLE_APPLICATION_CREDENTIALS: join(folder, "stranger.json") });
  const stranger = await dbbackupHere(backup);
  other[Symbol.dispose]();
  expect([stranger.status, stranger.stderr.toString()]).toEqual([
    1,
    expect.stringContaining("credentials were not accepted"),
  ]);
  expect(`${nobody.stderr}${stranger.stderr}`).not.toMatch(/PRIVATE KEY|Bearer|eyJ/);
  expect(stored("refused")).toEqual([]);
});

test("a token is also had by workload identity federation, and from the machine", async () => {
  const path = join(folder, "federation.json");
  server.wishes.subjectToken = "of-another-cloud";
  writeFileSync(join(folder, "subject"), server.wishes.subjectToken);
  const federation = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${server.endpoint}/token`,
    credential_source: { file: join(folder, "subject") },
  };
  writeFileSync(path, JSON.stringify(federation));
  const list = ["list", ...repository("empty"), "--json"];
  using federated = withVariables({ GOOGLE_APPLICATION_CREDENTIALS: path });
  await mustDbbackupHere(list);
  federated[Symbol.dispose]();
  expect(server.asked.slice(-2)).toEqual(["POST /token", `GET /storage/v1/b/${bucket}/o`]);
  // What was found of a machine is kept by its process.
  const machine = {
    ...env,
    GOOGLE_APPLICATION_CREDENTIALS: undefined,
    GCE_METADATA_HOST: server.endpoint.slice("http://".length),
    METADATA_SERVER_DETECTION: "assume-present",
  };
  await mustDbbackup(list, { env: machine });
  expect(server.asked.at(-2)).toContain("/computeMetadata/");
});

async function preflight(prefix: string) {
  const { status, stdout } = await dbbackupHere(["preflight", ...repository(prefix), "--json"]);
  const { checks, repository: found } = JSON.parse(stdout.toString());
  const told = checks.map((check: Check) => `${check.name} ${check.status}: ${check.message}`);
  return { status, told: told.join("\n"), ...found };
}

test("preflight tries a bucket: writable, without the right to remove, under a retention policy, with another clock", async () => {
  const free = await preflight("tried");
  expect(free).toMatchObject({ status: 0, protection: "none", left: [] });
  expect(free.told).not.toMatch(/ (error|warning):/);
  expect(stored("tried")).toEqual([]);
  for (const [keeps, clockAhead] of [
    ["right", 0],
    ["retention", 600_000],
  ] as const) {
    Object.assign(server.wishes, { keeps, clockAhead });
    const kept = await preflight(keeps);
    expect(kept).toMatchObject({ status: 1, protection: "append-only" });
    expect(kept.told).toMatch(/record error: .* cannot be written over/);
    expect(/clock warning: .* seconds ahead/.test(kept.told)).toBe(clockAhead > 0);
    expect(kept.left.toSorted()).toEqual(stored(keeps));
    expect(kept.left).toHaveLength(2);
  }
  Object.assign(server.wishes, { keeps: undefined, clockAhead: 0 });
});

test("a writer who may remove only records of runs makes backups that it cannot remove", async () => {
  Object.assign(server.wishes, { keeps: "right", keepsNot: "/.tmp-" });
  const tried = await preflight("kept");
  expect(tried).toMatchObject({ status: 0, protection: "append-only" });
  expect(tried.told).toContain("record ok");
  await mustDbbackupHere([...source(), ...repository("kept")]);
  const [probe, file, metadata] = stored("kept");
  expect([probe]).toEqual(tried.left);
  expect(metadata).toBe(`${file}.meta.json`);
  Object.assign(server.wishes, { keeps: undefined, keepsNot: undefined });
});

test("only who needs the SDK of a service loads it", async () => {
  const hooks = `import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => (/\\w+-sdk/.test(url) && process._rawDebug(url), next(url, context)) });`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hooks)}`;
  const loaded = async (...args: readonly string[]): Promise<string[]> => {
    const { stderr } = await dbbackup(args, { env: { ...env, NODE_OPTIONS } });
    return [...new Set(stderr.toString().match(/\w+-sdk\.\w+/g))];
  };
  expect(await loaded("--help")).toEqual([]);
  expect(await loaded(...source(), "--repo", join(folder, "local"))).toEqual([]);
  expect(await loaded("list", ...repository("custom"))).toEqual(["gcs-sdk.mjs"]);
  expect(await loaded("list", "--repo", "s3://backups/x?endpoint=http://127.0.0.1:1&region=x")).toEqual(["s3-sdk.mjs"]);
});

test.each([
  ["gs://user:pass@backups/x", "credentials do not belong into URLs"],
  ["gs://backups/x?colour=blue", '"colour" is no parameter'],
  ["gs://backups/x?endpoint=file:///etc", '"endpoint" is a URL'],
  ["gs://backups/x?endpoint=https://user:pass@host", '"endpoint" is a URL'],
  ["gs://backups/x?endpoint=http://elsewhere", '"endpoint" is one of https'],
  ["gs://backups/x?storage-class=cold", '"storage-class" is one'],
  ["gs://backups/x?kms-key=mine", '"kms-key" is as'],
  ["gs://backups/a//b", "the path behind the bucket"],
  ["gs:///x", "it names no bucket"],
])("%s is refused before anything is asked", async (url, message) => {
  const { status, stderr } = await dbbackupHere(["list", "--repo", url]);
  expect(stderr.toString()).toContain(message);
  expect(stderr.toString()).not.toContain("pass@");
  expect(status).toBe(2);
});
