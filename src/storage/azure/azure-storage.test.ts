import { randomBytes, randomUUID } from "node:crypto";
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  type ContainerClient,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { azureContract, azureSettings, namesIn, newContainer } from "../../../tests/helpers/azure-contract.ts";
import { type AzureServer, startAzureServer } from "../../../tests/helpers/azure-server.ts";
import { faultyStore } from "../../../tests/helpers/faulty-store.ts";
import { startHttpRelay } from "../../../tests/helpers/http-relay.ts";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import { removeUnlocked } from "../object/remove-unlocked.ts";
import { RetryingStore } from "../object/retrying-store.ts";
import { azureError } from "./azure-error.ts";
import { AzureStore } from "./azure-store.ts";
import { openContainer } from "./open-container.ts";
import { ServiceConnection } from "./service-connection.ts";

let server: AzureServer;
beforeAll(async () => {
  server = await startAzureServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const random = seededRandom(21);
const quickRetries = { attempts: 12, attemptsUntilAnswered: 12, firstPauseMs: 1, longestPauseMs: 5 };
azureContract(
  "a prefix in a container, where requests and answers are lost,",
  () => server,
  "some where/of-ours",
  (store) => new RetryingStore(faultyStore(store, random), quickRetries),
);

/** A signature that lets its holder do all that we do, for an hour. */
function signature(): string {
  const { account, key } = server;
  const wish = {
    expiresOn: new Date(Date.now() + 3_600_000),
    permissions: AccountSASPermissions.parse("rwdlac"),
    resourceTypes: AccountSASResourceTypes.parse("co").toString(),
    services: AccountSASServices.parse("b").toString(),
  };
  return generateAccountSASQueryParameters(wish, new StorageSharedKeyCredential(account, key)).toString();
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("a container of Azure Blob Storage", () => {
  const [one, two] = ["0190b5b0-0000-7000-8000-000000000001", "0190b5b0-0000-7000-8000-000000000002"];
  const bytes = randomBytes(100_000);
  let container: ContainerClient;
  let store: AzureStore;
  beforeEach(async () => {
    container = await newContainer(server);
    store = await AzureStore.open(azureSettings(server, container));
  });

  test("of two works that send blocks for one name the first wins; the other hears of it, and takes nothing along", async () => {
    const first = await store.beginUpload("x", one);
    const second = await store.beginUpload("x", two);
    for (const upload of [first, second]) await upload.putPart(1, bytes);
    expect(await all(store.unfinishedUploads(""))).toEqual([
      { key: "x", id: one, work: one },
      { key: "x", id: two, work: two },
    ]);
    await store.abandonUpload(second);
    await first.complete(1);
    await expect(second.complete(1)).rejects.toMatchObject({ code: "EXISTS" });
    await second.putPart(1, bytes.subarray(1));
    await expect(second.complete(1)).rejects.toMatchObject({ code: "EXISTS" });
    await store.abandonUpload(second);
    expect(await store.head("x")).toMatchObject({ work: one, size: bytes.length });
    const read = Buffer.alloc(bytes.length);
    await store.read("x", (await store.head("x"))!.version, 0, read);
    expect(read.equals(bytes)).toBe(true);
  });

  test("an upload that is abandoned leaves nothing, also when the end of that was lost; parts that are gone are missed", async () => {
    const upload = await store.beginUpload("x", one);
    await upload.putPart(1, bytes);
    expect(await store.head("x")).toBeUndefined();
    await store.abandonUpload(upload);
    await store.abandonUpload(upload);
    expect(await namesIn(container)).toEqual([]);
    await expect(upload.complete(1)).rejects.toMatchObject({ code: "IO", retry: "never" });
    // As it is when the answer to the first of two requests was lost.
    await container
      .getBlockBlobClient("x")
      .upload("", 0, { metadata: { dbbackup_work: one, dbbackup_abandoned: "true" } });
    await store.abandonUpload(upload);
    expect(await namesIn(container)).toEqual([]);
  });

  test("a part that arrives late cannot take the place of another one", async () => {
    const upload = await store.beginUpload("x", one);
    await upload.putPart(1, bytes);
    const late = await store.beginUpload("x", one);
    await late.putPart(1, Buffer.alloc(100_000));
    await upload.complete(1);
    const read = Buffer.alloc(bytes.length);
    await store.read("x", "", 0, read);
    expect(read.equals(bytes)).toBe(true);
  });

  test("bytes that change on their way are not stored", async () => {
    let changes = true;
    await using proxy = await startHttpRelay(server.port, (_, body) => {
      if (changes && body.length > 0) body[body.length >> 1]! ^= 1;
      return true;
    });
    const endpoint = `http://127.0.0.1:${proxy.port}/${server.account}`;
    const disturbed = await AzureStore.open({ ...azureSettings(server, container), endpoint });
    const upload = await disturbed.beginUpload("x", one);
    await expect(upload.putPart(1, bytes)).rejects.toMatchObject({ code: "IO" });
    const put = disturbed.put("y", bytes, { work: one, createOnly: true });
    await expect(put).rejects.toMatchObject({
      code: "IO",
      retry: "maybe",
      message: expect.stringMatching(/arrived changed/),
    });
    expect(await namesIn(container)).toEqual([]);
    changes = false;
    await upload.putPart(1, bytes);
    await upload.complete(1);
    expect(await store.head("x")).toMatchObject({ size: bytes.length });
  });

  test("another object under the same name is not read in place of the one that was opened", async () => {
    await store.put("x", bytes, { work: one, createOnly: true });
    const { version } = (await store.head("x"))!;
    await store.put("x", randomBytes(100_000), { work: one, createOnly: false });
    await expect(store.read("x", version, 0, Buffer.alloc(10))).rejects.toMatchObject({ code: "IO" });
    await expect(store.read("none", "", 0, Buffer.alloc(10))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.copy("none", "y", 1, one)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.copy("x", "x", 1, one)).rejects.toMatchObject({ code: "EXISTS" });
  });

  test("the tier is that of backups; with an encryption scope a copy goes through here, which the service's would leave out", async () => {
    const settings = { ...azureSettings(server, container), accessTier: "Cool", encryptionScope: "of-ours" };
    const scoped = await AzureStore.open(settings);
    await scoped.put("x", bytes, { work: one, createOnly: true });
    await scoped.copy("x", "y", bytes.length, two);
    expect(await scoped.head("y")).toMatchObject({ work: two, size: bytes.length });
    for (const name of ["x", "y"]) {
      expect((await container.getBlobClient(name).getProperties()).accessTier).toBe("Cool");
    }
    const read = Buffer.alloc(bytes.length);
    await scoped.read("y", "", 0, read);
    expect(read.equals(bytes)).toBe(true);
    await expect(scoped.copy("x", "y", bytes.length, two)).rejects.toMatchObject({ code: "EXISTS" });
  });

  test("policies are asked for with what belongs to backups, and what has one is not removed before its time", async () => {
    const asked: string[] = [];
    let policy = {};
    await using relay = await startHttpRelay(
      server.port,
      ({ method, url = "", headers }) => {
        const mode = headers["x-ms-immutability-policy-mode"];
        const until = Date.parse(`${headers["x-ms-immutability-policy-until-date"]}`) - Date.now();
        if (method === "PUT" && !url.includes("comp=block&"))
          asked.push(mode ? `${mode} ${Math.round(until / 3_600_000)}` : "");
        return true;
      },
      ({ method }) => (method === "HEAD" ? policy : {}),
    );
    const endpoint = `http://127.0.0.1:${relay.port}/${server.account}`;
    for (const mode of ["governance", "compliance"] as const) {
      const settings = { ...azureSettings(server, container), endpoint, retention: { mode, days: 3 } };
      const locking = await AzureStore.open(settings);
      for (const key of [`${mode}.dump`, `.tmp-${one}/${mode}`, `${mode}.verify.json`]) {
        await locking.put(key, bytes, { work: one, createOnly: true });
      }
      const upload = await locking.beginUpload(`${mode}-2.dump`, one);
      await upload.putPart(1, bytes);
      await upload.complete(1);
      await locking.copy(`${mode}.dump`, `${mode}-3.dump`, bytes.length, one);
    }
    const wished = ["Unlocked", "Locked"].flatMap((mode) => [`${mode} 72`, "", "", `${mode} 72`, `${mode} 72`]);
    expect(asked).toEqual(wished);
    // azurite has no policies: what the service would answer is put into its answers.
    const other = await AzureStore.open({ ...azureSettings(server, container), endpoint });
    policy = {
      "x-ms-immutability-policy-until-date": "Fri, 01 Jan 2100 00:00:00 GMT",
      "x-ms-immutability-policy-mode": "locked",
    };
    const locked = { code: "LOCKED", message: expect.stringContaining("2100-01-01T00:00:00Z") };
    await expect(removeUnlocked(other, "compliance.dump")).rejects.toMatchObject(locked);
    await removeUnlocked(other, `.tmp-${one}/compliance`);
    policy = { "x-ms-legal-hold": "true" };
    await expect(removeUnlocked(other, "compliance.dump")).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringMatching(/legal hold/),
    });
    policy = { "x-ms-immutability-policy-until-date": "Wed, 01 Jan 2020 00:00:00 GMT" };
    await removeUnlocked(other, "compliance.dump");
    expect(await namesIn(container)).not.toContain("compliance.dump");
  });

  test("lists of many pages come whole and in order, those of uploads too", async () => {
    let pages = 0;
    await using relay = await startHttpRelay(server.port, (incoming) => {
      if (incoming.url?.includes("comp=list") === true) {
        pages++;
        // The number of names is not signed by what opens it here.
        incoming.url += "&maxresults=2";
      }
      return true;
    });
    const endpoint = `http://127.0.0.1:${relay.port}/${server.account}`;
    const credentials = { kind: "shared access signature", token: signature() } as const;
    const paged = await AzureStore.open({ ...azureSettings(server, container), endpoint, credentials });
    const keys = ["a", "b", "c/1", "c/2", "c/3", "d", "e"];
    for (const key of keys) await store.put(key, bytes, { work: one, createOnly: true });
    for (const key of ["u1", "u2", "u3"]) await (await store.beginUpload(key, one)).putPart(1, bytes);
    expect((await all(paged.list("", true))).map(({ key }) => key)).toEqual(keys);
    expect((await all(paged.list("", false))).map(({ key }) => key)).toEqual(["a", "b", "c/", "d", "e"]);
    expect((await all(paged.list("c/", false))).map(({ key }) => key)).toEqual(["c/1", "c/2", "c/3"]);
    expect((await all(paged.unfinishedUploads(""))).map(({ key }) => key)).toEqual(["u1", "u2", "u3"]);
    expect(pages).toBeGreaterThan(10);
  });

  test("signatures and connection strings open it; wrong ones do not, and are not shown", async () => {
    await store.put("x", bytes, { work: one, createOnly: true });
    const token = signature();
    const { account, key, endpoint } = server;
    const text = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`;
    const signed = `BlobEndpoint=${endpoint};SharedAccessSignature=${token}`;
    const settings = azureSettings(server, container);
    for (const credentials of [
      { kind: "shared access signature", token },
      { kind: "connection string", text },
      { kind: "connection string", text: signed },
    ] as const) {
      for (const opened of [
        { ...settings, credentials },
        { ...settings, credentials, endpoint: undefined },
      ]) {
        if (opened.endpoint === undefined && credentials.kind !== "connection string") continue;
        const other = await AzureStore.open(opened);
        expect(await other.head("x")).toMatchObject({ size: bytes.length });
        await other.copy("x", randomUUID(), bytes.length, one);
      }
    }
    const wrongKey = randomBytes(64).toString("base64");
    for (const credentials of [
      { kind: "account key", key: wrongKey },
      { kind: "shared access signature", token: token.replace(/sig=.{6}/, "sig=AAAAAA") },
      { kind: "connection string", text: text.replace(key, wrongKey) },
    ] as const) {
      const opened = await AzureStore.open({ ...settings, credentials });
      const failure = await opened.head("x").catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "AUTH", retry: "never" });
      for (const secret of [wrongKey, "sig="]) expect(describeAll(failure)).not.toContain(secret);
      await expect(opened.put("y", bytes, { work: one, createOnly: true })).rejects.toMatchObject({ code: "AUTH" });
    }
    for (const wrong of [text.replace(account, "another"), "AccountKey", signed.replace(account, "another")]) {
      const credentials = { kind: "connection string", text: wrong } as const;
      const opened = AzureStore.open({ ...settings, credentials });
      await expect(opened).rejects.toMatchObject({ code: "CONFIG" });
    }
  });

  test("what is not there, and where nobody is, is said", async () => {
    const settings = azureSettings(server, container);
    const nowhere = await AzureStore.open({ ...settings, container: "nowhere" });
    await expect(nowhere.head("x")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringMatching(/no such container/),
    });
    await expect(nowhere.list("", true)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    const silent = await AzureStore.open({ ...settings, endpoint: `http://127.0.0.1:1/${server.account}` });
    await expect(silent.head("x")).rejects.toMatchObject({ code: "CONNECT", retry: "maybe" });
    // A connection that was used before, and then nothing comes through it.
    const connection = new ServiceConnection(200);
    let answers = 1;
    await using proxy = await startHttpRelay(server.port, () => answers-- > 0);
    const quiet = await openContainer(
      { ...settings, endpoint: `http://127.0.0.1:${proxy.port}/${server.account}` },
      connection,
    );
    await quiet.getProperties();
    const failure = await quiet.getProperties().catch((error: unknown) => azureError("looking at", "x", error));
    expect(failure).toMatchObject({ code: "CONNECT", retry: "maybe", message: expect.stringMatching(/silent/) });
    const plain = AzureStore.open({ ...settings, credentials: { kind: "chain" } });
    await expect(plain).rejects.toMatchObject({ code: "CONFIG", message: expect.stringMatching(/https/) });
  });
});

/** All that a person or a log could be shown of an error. */
function describeAll(error: unknown): string {
  let text = "";
  for (let at = error; at instanceof Error; at = at.cause) text += `${at.stack} ${JSON.stringify(at)}\n`;
  return text;
}
