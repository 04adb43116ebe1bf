import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority } from "../helpers/certificates.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { freePort } from "../helpers/free-port.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { recordingTools } from "../helpers/tools-folder.ts";

const root = new Authority("Test root");
const client = root.issue({ commonName: "cert_user" });

let server: PostgresServer;
let folder: { readonly path: string } & AsyncDisposable;

beforeAll(async () => {
  const { certificate, key } = root.issue({ commonName: "x", names: ["localhost"], addresses: ["127.0.0.1"] });
  folder = await withTemporaryFolder();
  server = await startServer({
    major: 18,
    hba: "local all all trust\nhostssl all cert_user all cert\nhost all postgres all trust",
    ssl: { certificate, key, authority: root.certificate },
  });
  await server.sql("CREATE ROLE cert_user LOGIN; CREATE TABLE t (a int); GRANT SELECT ON t TO cert_user");
  const cipher = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" } as const;
  for (const [name, text] of [
    ["root.pem", root.certificate],
    ["client.pem", client.certificate],
    ["client.key", client.key],
    ["encrypted.key", client.keyObject.export(cipher).toString()],
    ["revoked.crl", root.revoke([])],
  ] as const) {
    await writeFile(join(folder.path, name), text, { mode: 0o600 });
  }
});
afterAll(async () => {
  await server?.stop();
  await folder?.[Symbol.asyncDispose]();
});

function argsOf(settings: string, tools: string, output: string): string[] {
  const url = ["--url", `port=${server.port} ${settings}`];
  return ["backup", "single", "postgres", ...url, "--engine", "tools", "--tools-path", tools, "--output", output];
}

test("pg_dump connects to the host that we chose, as sure of it as we were", async () => {
  await using tools = await withTemporaryFolder();
  const recorded = await recordingTools(tools.path, 18);
  const files = ["sslrootcert=root.pem", "sslcert=client.pem", "sslkey=client.key", "sslcrl=revoked.crl"];
  const hosts = `host=127.0.0.1,localhost port=${await freePort()},${server.port} target_session_attrs=read-write`;
  const settings = `${hosts} user=cert_user sslmode=verify-full ${files.join(" ")}`;
  const args = argsOf(settings, tools.path, join(tools.path, "t.dump"));
  // Files may be named from where we are; the program is somewhere else.
  await mustDbbackup(args, { cwd: folder.path });
  const seen = await recorded();
  expect(seen).toContain(`host='localhost' port='${server.port}'`);
  expect(seen).toContain("sslmode='verify-full'");
  expect(seen).toContain(`sslcert='${join(folder.path, "client.pem")}'`);
  expect(seen).not.toMatch(/PRIVATE KEY/);
});

test("where our connection is encrypted, pg_dump's must be", async () => {
  await using tools = await withTemporaryFolder();
  const recorded = await recordingTools(tools.path, 18);
  await mustDbbackup(argsOf("host=localhost user=postgres", tools.path, join(tools.path, "t.dump")));
  expect(await recorded()).toMatch(/sslmode='require'.*gssencmode='disable'.*require_auth='!password'/);
});

test("a key with a password is refused: it would have to be shown", async () => {
  const files = `sslrootcert=${folder.path}/root.pem sslcert=${folder.path}/client.pem sslkey=${folder.path}/encrypted.key`;
  const settings = `host=localhost user=cert_user ${files} sslpassword='open sesame'`;
  await using tools = await withTemporaryFolder();
  await recordingTools(tools.path, 18);
  const { status, stderr } = await dbbackup(argsOf(settings, tools.path, join(tools.path, "t.dump")));
  expect(status).toBe(2);
  expect(stderr).toContain("sslpassword cannot be given to tools of version 18");
  expect(stderr).not.toContain("open sesame");
});
