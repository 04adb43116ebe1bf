import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Check } from "../../src/ports/preflight.ts";
import { type AzureServer, startAzureServer } from "../helpers/azure-server.ts";
import { Authority } from "../helpers/certificates.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { repositorySuite } from "../helpers/repository-suite.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let server: AzureServer;
let container: ContainerClient;
let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
let variables: Disposable;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-azure-repository-"));
  server = await startAzureServer();
  env = { AZURE_STORAGE_ACCOUNT: server.account, AZURE_STORAGE_KEY: server.key, HOME: folder };
  variables = withVariables(env);
  const credential = new StorageSharedKeyCredential(server.account, server.key);
  container = new BlobServiceClient(server.endpoint, credential).getContainerClient("backups");
  await container.create();
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

function repository(prefix: string): string {
  return `azure://${server.account}/backups/${prefix}?endpoint=${server.endpoint}`;
}

/** What lies there; with what has blocks only, when it is asked for. */
async function stored(prefix: string, includeUncommitedBlobs = true): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix: `${prefix}/`, includeUncommitedBlobs })) {
    names.push(name.slice(prefix.length + 1));
  }
  return names.toSorted();
}

repositorySuite("a container", () => ({
  database,
  env,
  url: repository,
  objects: async (prefix) => await stored(prefix, false),
  uploads: async (prefix) => {
    // In this order: what becomes an object between both is none of them.
    const all = await stored(prefix);
    const objects = new Set(await stored(prefix, false));
    return all.filter((name) => !objects.has(name));
  },
  beginning: (prefix, name) => container.getBlobClient(`${prefix}/${name}`).downloadToBuffer(0, 8),
}));

test("errors name what is wrong, without secrets", async () => {
  const wrong = Buffer.from("not the key of the account").toString("base64");
  const what = ["backup", "single", database.name, "--url", database.url, "--verbose"];
  using otherKey = withVariables({ AZURE_STORAGE_KEY: wrong });
  const key = await dbbackupHere([...what, "--repo", repository("x")]);
  otherKey[Symbol.dispose]();
  expect([key.status, key.stderr]).toEqual([
    1,
    expect.stringContaining("the credentials are wrong, or have no right to it"),
  ]);
  const missing = await dbbackupHere([...what, "--repo", repository("x").replace("/backups/", "/nowhere/")]);
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining("there is no such container")]);
  const other = await dbbackupHere([...what, "--repo", "azure://another/backups"]);
  expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('the storage account "testaccount"')]);
  for (const { stderr } of [key, missing, other]) {
    for (const secret of [wrong, server.key]) expect(stderr).not.toContain(secret);
  }
  expect(await stored("x")).toEqual([]);
});

test("a machine's identity opens it by tokens; without any it says where it looked", async () => {
  const authority = new Authority("of the test");
  const { certificate, key } = authority.issue({ commonName: "azure", addresses: ["127.0.0.1"] });
  const files = {
    certificate: join(folder, "tls.pem"),
    key: join(folder, "tls.key"),
    authority: join(folder, "ca.pem"),
  };
  for (const [name, text] of Object.entries({ certificate, key, authority: authority.certificate })) {
    writeFileSync(files[name as keyof typeof files], text, { mode: 0o600 });
  }
  await using tls = await startAzureServer(files);
  const asked: string[] = [];
  // As the hosts of Azure's applications give tokens to what runs on them.
  const identity = createServer((request, response) => {
    asked.push(
      `${request.headers["x-identity-header"]} ${new URL(request.url!, "http://x").searchParams.get("resource")}`,
    );
    const expires = Math.floor(Date.now() / 1000) + 3600;
    const claims = {
      aud: "https://storage.azure.com",
      iss: "https://sts.windows.net/of-the-test/",
      nbf: expires - 7200,
      iat: expires - 7200,
      exp: expires,
    };
    const parts = [{ alg: "none", typ: "JWT" }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    const token = { access_token: `${parts.join(".")}.c2ln`, expires_on: `${expires}`, token_type: "Bearer" };
    response.setHeader("content-type", "application/json").end(JSON.stringify(token));
  });
  await new Promise<void>((resolve) => identity.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = identity.address() as AddressInfo;
    const repo = `azure://${tls.account}/backups/x?endpoint=${tls.endpoint}`;
    const noKey = { AZURE_STORAGE_ACCOUNT: undefined, AZURE_STORAGE_KEY: undefined };
    const anywhere = { ...noKey, HOME: "/nonexistent", NODE_EXTRA_CA_CERTS: files.authority, PATH: "/nonexistent" };
    const identified = {
      ...anywhere,
      IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/token`,
      IDENTITY_HEADER: "of the host",
    };
    const missing = await dbbackup(["list", "--repo", repo], { env: identified });
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining("there is no such container")]);
    expect(asked).toEqual(["of the host https://storage.azure.com"]);
    // Who has nothing asks the address of machines of Azure, which no other network has: that would take its time.
    const chosen = { ...anywhere, AZURE_TOKEN_CREDENTIALS: "EnvironmentCredential" };
    const without = await dbbackup(["list", "--repo", repo], { env: chosen });
    expect([without.status, without.stderr]).toEqual([1, expect.stringContaining("no credentials were found")]);
    expect(without.stderr).toContain("EnvironmentCredential");
  } finally {
    identity.closeAllConnections();
    await new Promise((resolve) => identity.close(resolve));
  }
});

test("preflight tries a container, and leaves nothing", async () => {
  const { stdout } = await mustDbbackupHere(["preflight", "--repo", repository("tried"), "--json"]);
  const { checks, repository: found } = JSON.parse(stdout.toString());
  expect(checks.map(({ name, status }: Check) => `${name} ${status}`)).toEqual([
    "repository ok",
    "create-only ok",
    "clock ok",
    "protection ok",
    "record ok",
  ]);
  expect(found).toMatchObject({ protection: "none", left: [] });
  expect(await stored("tried")).toEqual([]);
});
