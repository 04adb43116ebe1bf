import { afterAll, beforeAll } from "vitest";
import { seededRandom } from "../../../tests/helpers/seeded-random.ts";
import { sftpStorageSuite } from "../../../tests/helpers/sftp-storage-suite.ts";
import { type SshServer, startSshServer } from "../../../tests/helpers/ssh-server.ts";
import { TcpProxy } from "../../../tests/helpers/tcp-proxy.ts";

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
}, 120_000);
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
