import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import { sftpStorageSuite } from "../../../tests/helpers/sftp-storage-suite.ts";
import { type SshServer, startSshServer } from "../../../tests/helpers/ssh-server.ts";
import { TcpProxy } from "../../../tests/helpers/tcp-proxy.ts";
import { RetryingStore } from "../object/retrying-store.ts";
import { SftpStorage } from "./sftp-storage.ts";
import { SftpStore } from "./sftp-store.ts";
import { parseSftpUrl } from "./sftp-url.ts";

/** Between two cuts so many bytes go to the server at least, and at most. */
const CUT_BYTES = [1_000_000, 20_000_000] as const;

let server: SshServer;
let proxy: TcpProxy;
/** Whether connections are cut now and then. */
let isCutting = false;
beforeAll(async () => {
  server = await startSshServer();
  const random = seededRandom(26);
  let left = 0;
  proxy = await TcpProxy.start({
    targetPort: server.port,
    onClientBytes: (count) => {
      left -= count;
      if (left > 0 || !isCutting) return;
      left = CUT_BYTES[0] + random() * (CUT_BYTES[1] - CUT_BYTES[0]);
      proxy.cut();
    },
  });
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

sftpStorageSuite("a server of SFTP, whose connections break,", () => server, {
  urlOf: (folder) => server.url(folder, {}, proxy.port),
  disturb: (wanted) => {
    isCutting = wanted;
  },
});

test("a large file of a copy goes on behind what surely came", async () => {
  isCutting = false;
  const settings = parseSftpUrl(server.url(randomUUID()), {});
  const open = async (): Promise<SftpStorage> => {
    const files = await SftpStore.open(settings);
    return new SftpStorage(new RetryingStore(files), files, { now: () => new Date(), monotonic: () => 0 });
  };
  const id = randomUUID();
  const bytes = randomBytes(60_000_000);
  const transfer = async () => (await open()).beginTransfer({ id, note: "a copy", folder: undefined, seal: "x.json" });
  const first = await transfer();
  const begun = await first.open("x.dump");
  await begun.write(bytes.subarray(0, 55_000_000));
  await first.end();
  const second = await transfer();
  const file = await second.open("x.dump");
  expect(file.position).toBeGreaterThanOrEqual(8 << 20);
  expect(file.position).toBeLessThan(55_000_000);
  await file.write(bytes.subarray(file.position));
  await file.end();
  await second.publish();
  await second.seal("x.json", Buffer.from("all"));
  await second.end();
  const stored = await (await open()).open("x.dump");
  const read = Buffer.alloc(stored.size);
  for (let at = 0; at < read.length; ) at += await stored.readAt(at, read.subarray(at));
  await stored.close();
  expect(read.equals(bytes)).toBe(true);
});
