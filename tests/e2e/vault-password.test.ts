import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ExitStatus } from "../../src/core/exit-status.ts";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { VaultStandIn } from "../helpers/vault-stand-in.ts";

const password = `pw-${randomBytes(9).toString("base64url")}`;
const user = `vault_${randomBytes(4).toString("hex")}`;
let folder: string;
let database: MysqlDatabase;
let vault: VaultStandIn;
let variables: Disposable;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-vault-password-"));
  database = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
  await database.sql("CREATE TABLE t (a INT PRIMARY KEY)");
  await database.sql(`CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`);
  await database.sql(`GRANT ALL ON \`${database.name}\`.* TO ${user}@'%'`);
});
afterAll(async () => {
  await database.sql(`DROP USER ${user}@'%'`);
  await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  vault = await VaultStandIn.start();
  vault.secrets.set("team/db1", {
    password,
    other: `${password}\n`,
    old: "pw-of-last-year",
    lines: `${password}\nx`,
    none: "",
    number: 7,
  });
  variables = withVariables({ HOME: folder, ...vault.environment });
});
afterEach(async () => {
  variables[Symbol.dispose]();
  await vault[Symbol.asyncDispose]();
});

/** A configuration file that names the password so. */
function configWith(reference: string): string {
  const path = join(folder, `${randomBytes(4).toString("hex")}.toml`);
  const { port } = database.server;
  const source = `[source]\ndb_type = "mariadb"\nhost = "127.0.0.1"\nport = ${port}\nuser = "${user}"\n`;
  const repository = `[repository]\nurl = "${join(folder, "repo")}"\n`;
  writeFileSync(path, `${source}password = { vault = "${reference}" }\n${repository}`, { mode: 0o600 });
  return path;
}

function files(): string[] {
  return readdirSync(join(folder, "repo")).toSorted();
}

const backup = (config: string, ...more: readonly string[]) => [
  "backup",
  "single",
  database.name,
  "--no-defaults",
  "--config",
  config,
  ...more,
];

test("a backup and its restore log in with a password that Vault holds, by the file or by a flag", async () => {
  const config = configWith("kv:secret/team/db1");
  const { stdout } = await mustDbbackupHere(backup(config, "--json"));
  const { id } = JSON.parse(stdout.toString()) as { id: string };
  expect(vault.asked.map(({ path }) => path)).toEqual(["secret/data/team/db1"]);
  await database.sql("DROP TABLE t");
  // A profile that names the password otherwise counts first, and so does a flag.
  const other = configWith("kv:secret/team/db1#old");
  const flag = ["--password-vault", "kv:secret/team/db1#other"];
  const restore = ["restore", "single", id, "--target", database.name, "--no-defaults", "--config", other, ...flag];
  await mustDbbackupHere(restore);
  expect(await database.sql("SHOW TABLES")).toHaveLength(1);
});

test("what Vault refuses, or holds that is no password, is told by its reason, and nothing is written", async () => {
  await mustDbbackupHere(backup(configWith("kv:secret/team/db1")));
  const before = files();
  const attempts: [string, string, Record<string, string>, ExitStatus, RegExp][] = [
    ["an old password", "kv:secret/team/db1#old", {}, ExitStatus.failed, /access denied/i],
    ["a field that is not there", "kv:secret/team/db1#pw", {}, ExitStatus.failed, /has no field "pw" with text/],
    ["a field that is no text", "kv:secret/team/db1#number", {}, ExitStatus.failed, /has no field "number" with text/],
    ["an empty field", "kv:secret/team/db1#none", {}, ExitStatus.usage, /is no password: it is empty/],
    ["several lines", "kv:secret/team/db1#lines", {}, ExitStatus.usage, /is no password: it has several lines/],
    [
      "a secret that is not there",
      "kv:secret/team/db2",
      {},
      ExitStatus.failed,
      /check the path in "kv:secret\/team\/db2"/,
    ],
    ["a mount that is not there", "kv:nowhere/team/db1", {}, ExitStatus.failed, /nothing is mounted there/],
    ["a token that is none", "kv:secret/team/db1", { VAULT_TOKEN: "hvs.old" }, ExitStatus.failed, /invalid token/],
    ["nobody there", "kv:secret/team/db1", { VAULT_ADDR: "http://127.0.0.1:1" }, ExitStatus.failed, /ECONNREFUSED/],
    ["no address", "kv:secret/team/db1", { VAULT_ADDR: "" }, ExitStatus.usage, /VAULT_ADDR/],
    ["sealed", "kv:secret/team/db1", {}, ExitStatus.failed, /Vault does not give the password: it is sealed/],
  ];
  for (const [what, reference, changes, status, message] of attempts) {
    vault.isSealed = what === "sealed";
    using _ = withVariables(changes);
    const found = await dbbackupHere(backup(configWith(reference), "--verbose"));
    expect([found.status, found.stderr], what).toEqual([status, expect.stringMatching(message)]);
    for (const secret of [password, "pw-of-last-year", vault.token, "hvs.old"]) {
      expect(found.stderr + found.stdout.toString(), what).not.toContain(secret);
    }
  }
  expect(files()).toEqual(before);
  const flag = await dbbackupHere(backup(configWith("kv:secret/team/db1"), "--password-vault", "transit:key"));
  expect([flag.status, flag.stderr]).toEqual([
    ExitStatus.usage,
    expect.stringContaining('"transit:key" names no password in Vault'),
  ]);
});

test("config check takes the reference without asking Vault, and shows it", async () => {
  const { stdout } = await mustDbbackupHere(["config", "check", configWith("kv:secret/team/db1#password")]);
  expect(stdout.toString()).toMatch(/--password-vault +kv:secret\/team\/db1#password/);
  // Nor does what needs no server, such as the contents of an archive.
  const archive = ["restore", "single", join(folder, "none.dump"), "--list", "--config", "none"];
  const listed = await dbbackupHere([...archive, "--password-vault", "kv:secret/team/db1"]);
  expect([listed.status, listed.stderr]).toEqual([ExitStatus.failed, expect.stringContaining("none.dump")]);
  expect(vault.asked).toEqual([]);
  const wrong = await dbbackupHere(["config", "check", configWith("secret/team/db1")]);
  expect([wrong.status, wrong.stderr]).toEqual([
    ExitStatus.usage,
    expect.stringContaining('"source.password" names no secret of Vault: "secret/team/db1"'),
  ]);
});
