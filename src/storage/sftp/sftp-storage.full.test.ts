import { afterAll, beforeAll } from "vitest";
import { sftpStorageSuite } from "../../../tests/helpers/sftp-storage-suite.ts";
import { type SshServer, startSshServer } from "../../../tests/helpers/ssh-server.ts";
import { LimitedStore } from "../object/limited-store.ts";
import { MeasuredStore } from "../object/measured-store.ts";
import { TransferLimits } from "../object/transfer-limits.ts";

let server: SshServer;
let bare: SshServer;
beforeAll(async () => {
  server = await startSshServer();
  bare = await startSshServer({ without: ["hardlink@openssh.com", "posix-rename@openssh.com", "fsync@openssh.com"] });
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await bare[Symbol.asyncDispose]();
});

const limits = new TransferLimits({ bytesPerSecond: 1e9, connections: 1, signal: new AbortController().signal });
sftpStorageSuite("a server of SFTP, of which little is asked at once,", () => server, {
  urlOf: (folder) => server.url(folder),
  wrap: (store) => new LimitedStore(new MeasuredStore(store, new Map()), limits),
});
sftpStorageSuite("a server of SFTP without extensions", () => bare, {
  urlOf: (folder) => bare.url(folder, { fsync: "false" }),
});
