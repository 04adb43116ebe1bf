import { afterAll, beforeAll } from "vitest";
import { sftpStorageSuite } from "../../../tests/helpers/sftp-storage-suite.ts";
import { type SshServer, startSshServer } from "../../../tests/helpers/ssh-server.ts";

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

sftpStorageSuite("a server of SFTP", () => server, { urlOf: (folder) => server.url(folder) });
sftpStorageSuite("a server of SFTP without extensions", () => bare, {
  urlOf: (folder) => bare.url(folder, { fsync: "false" }),
});
