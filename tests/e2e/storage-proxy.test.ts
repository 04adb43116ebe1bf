import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { dbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

test.each([
  ["s3://backups/x?endpoint=https://s3.test&region=x&path-style=true", "s3.test:443"],
  ["gs://backups/x?endpoint=https://gcs.test", "gcs.test:443"],
  ["azure://backups/backups/x?endpoint=https://azure.test", "azure.test:443"],
])("%s is reached through the proxy of HTTPS_PROXY (S3: and past it, as NO_PROXY says)", async (repo, target) => {
  await using folder = await withTemporaryFolder();
  const asked: string[] = [];
  const proxy = createServer().on("connect", ({ url }, socket) => {
    asked.push(url!);
    // Nobody is there who speaks TLS.
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const credentials = {
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    AZURE_STORAGE_KEY: Buffer.from("key").toString("base64"),
    HOME: folder.path,
    METADATA_SERVER_DETECTION: "none",
    GOOGLE_APPLICATION_CREDENTIALS: join(folder.path, "account.json"),
  };
  const privateKey = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }).privateKey;
  const account = { type: "service_account", client_email: "a@b.test", private_key: privateKey };
  writeFileSync(credentials.GOOGLE_APPLICATION_CREDENTIALS, JSON.stringify(account));
  try {
    const list = ["list", "--repo", repo];
    using _ = withVariables({ ...credentials, HTTPS_PROXY });
    // Google's connections are those of the process.
    const { status } = await (repo.startsWith("gs:") ? dbbackup(list) : dbbackupHere(list));
    expect(status).toBe(1);
    expect(new Set(asked)).toEqual(new Set([target]));
    if (!repo.startsWith("s3:")) return;
    asked.length = 0;
    using _none = withVariables({ NO_PROXY: ".test" });
    const past = await dbbackupHere(list);
    expect([past.status, asked]).toEqual([1, []]);
  } finally {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  }
});
