import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { foreignVariables } from "../helpers/dbbackup.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withMysqlShop } from "../helpers/mysql-shop.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { toolsFolder } from "../helpers/tools-folder.ts";
import { VaultStandIn } from "../helpers/vault-stand-in.ts";
import { watchedRun } from "../helpers/watched-run.ts";

let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;
let server: PostgresServer;
let vault: VaultStandIn;
const file = (...names: readonly string[]): string => join(folder.path, ...names);

const word = (name: string): string => `${name}-${randomBytes(9).toString("hex")}`;
const pem = (key: { export(options: { format: "pem"; type: "pkcs8" }): string | Buffer }) =>
  key.export({ format: "pem", type: "pkcs8" }).toString();
const [fileKey, otherKey, variableKey, vaultKey] = [0, 1, 2, 3].map(() => randomBytes(32)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const [reading, signing] = [generateKeyPairSync("x25519").privateKey, generateKeyPairSync("ed25519").privateKey];
const [filePassphrase, typedPassphrase] = [word("passphrase"), word("typed")];
const [urlPassword, variablePassword, filePassword, mysqlPassword] = ["url", "variable", "file", "mysql"].map(word) as [
  string,
  string,
  string,
  string,
];

const bytes = (key: Buffer) => [key.toString("base64"), key.toString("hex"), key.toString("latin1")];
const inner = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
const give = (name: string, text: string | Buffer) => writeFileSync(file("given", name), text, { mode: 0o600 });

/** Twelve secrets and more, each in the forms in which it could be seen. */
function secrets(): ReadonlyMap<string, readonly string[]> {
  return new Map([
    ["key of a file", bytes(fileKey)],
    ["another key of a file", bytes(otherKey)],
    ["key of a variable", bytes(variableKey)],
    ["key in Vault", bytes(vaultKey)],
    ["private key", inner(pem(reading))],
    ["signing key", inner(pem(signing))],
    ["passphrase of a file", [filePassphrase]],
    ["passphrase that was typed", [typedPassphrase]],
    ["Vault's token", [vault.token]],
    ["password in a URL", [urlPassword]],
    ["password in a variable", [variablePassword]],
    ["password of a file", [filePassword]],
    ["password of MySQL", [mysqlPassword]],
  ]);
}

beforeAll(async () => {
  folder = await withTemporaryFolder();
  vault = await VaultStandIn.start();
  vault.keys.set("backup", [randomBytes(32)]);
  vault.secrets.set("backup", { key: vaultKey.toString("base64") });
  server = await startServer({ major: 18, hba: "local all all trust\nhost all all all scram-sha-256" });
  await server.sql(`
    create role by_url login superuser password '${urlPassword}';
    create role by_variable login superuser password '${variablePassword}';
    create role by_file login superuser password '${filePassword}'`);
  await server.sql("create database source");
  for (const name of ["given", "tmp"]) mkdirSync(file(name));
  // Servers do not run as root, and must get there.
  for (const path of [folder.path, file("tmp")]) chmodSync(path, 0o711);
  give("key", fileKey.toString("base64"));
  give("other", otherKey.toString("hex"));
  give("reading.pem", pem(reading));
  give("signing.pem", pem(signing));
  give("passphrase", `${filePassphrase}\n`);
  give("password", filePassword);
  give("mysql", mysqlPassword);
});
afterAll(async () => {
  await server.stop();
  await vault[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const given = (name: string) => file("given", name);
const url = (role: string, password = "") => `postgres://${role}${password}@127.0.0.1:${server.port}`;

/** Types what is asked for, at a terminal of its own. */
const typing = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    sys.stdout.buffer.write(piece)
    if piece.endswith(b"passphrase: ") or piece.endswith(b"again: "):
        os.write(terminal, os.environ["TYPED"].encode() + b"\\r")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

interface Expected {
  readonly status: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly types?: string;
  /** Stock programs of PostgreSQL take a password from a file only (or where everybody sees it): this one is there meanwhile. */
  readonly passfile?: string;
}

async function expectNothingSeen(
  args: readonly string[],
  { status, env = {}, types, passfile }: Expected,
): Promise<string> {
  const program = [process.execPath, await builtProgram(), ...args, "--verbose", "--progress", "json"] as const;
  const { TYPED: _, ...surroundings } = process.env;
  const run = await watchedRun(types === undefined ? [...program] : ["python3", "-c", typing, ...program], {
    env: {
      ...surroundings,
      ...foreignVariables,
      ...vault.environment,
      TMPDIR: file("tmp"),
      ...env,
      ...(types === undefined ? {} : { TYPED: types }),
    },
    folders: [file("tmp"), file("repo")],
  });
  expect([run.status, run.output], args.join(" ")).toEqual([status, expect.anything()]);
  // Behind a terminal, the program itself is what was started, and the user gave it what is in its environment.
  const started = types === undefined ? run.started : "";
  for (const [name, forms] of secrets()) {
    for (const form of forms) {
      expect(run.output.includes(form), `${name} in the output of ${args.join(" ")}`).toBe(false);
      const isKnown = form === passfile;
      expect(run.files.includes(form) && !isKnown, `${name} in a file of ${args.join(" ")}`).toBe(false);
      expect(started.includes(form), `${name} in a process of ${args.join(" ")}`).toBe(false);
    }
  }
  return run.output;
}

test("secrets are seen nowhere: not in output, progress, errors, files, metadata, nor in what is started", async () => {
  const repo = ["--repo", file("repo")];
  const encrypting = [
    "--encrypt",
    "--key-file",
    given("key"),
    "--key-env",
    "BACKUP_KEY",
    "--passphrase-file",
    given("passphrase"),
    "--key-vault",
    "kv:secret/backup",
    "--key-vault",
    "transit:backup",
    "--sign-key",
    given("signing.pem"),
  ];
  const keys = { BACKUP_KEY: variableKey.toString("hex") };
  const single = ["backup", "single", "source", ...repo];
  const byUrl = ["--url", url("by_url", `:${urlPassword}`)];
  const latest = "latest:source";
  await expectNothingSeen([...single, ...byUrl, ...encrypting], { status: 0, env: keys });
  const byVariable = { PGPASSWORD: variablePassword };
  const login = ["--url", url("by_variable")];
  await expectNothingSeen([...single, ...login, ...encrypting, "--format", "directory"], {
    status: 0,
    env: { ...keys, ...byVariable },
  });
  const byFile = ["--url", url("by_file"), "--password-file", given("password")];
  await expectNothingSeen([...single, ...byFile, "--engine", "tools", "--tools-path", await toolsFolder(18)], {
    status: 0,
    passfile: filePassword,
  });
  expect(readdirSync(file("tmp"))).toEqual([]);
  await expectNothingSeen(["backup", "cluster", ...repo, ...byFile, "--database", "source", ...encrypting], {
    status: 0,
    env: keys,
  });
  // Failures tell much.
  await expectNothingSeen(["backup", "single", "nowhere", ...repo, ...byUrl, ...encrypting], { status: 1, env: keys });
  await expectNothingSeen([...single, "--url", url("by_file", `:${urlPassword}`)], { status: 1 });
  await expectNothingSeen([...single, ...login, "--encrypt", "--key-env", "BACKUP_KEY"], {
    status: 2,
    env: { BACKUP_KEY: typedPassphrase },
  });
  // Reading, with each key and with none of them.
  const named = (await expectNothingSeen(["list", ...repo, "--json"], { status: 0 })).split("\n");
  expect(named.length).toBeGreaterThan(10);
  const document = JSON.parse(named.slice(named.indexOf("[")).join("\n")) as { id: string; encrypted: boolean }[];
  const id = document.find(({ encrypted }) => encrypted)!.id;
  await expectNothingSeen(["verify", id, ...repo, "--key-file", given("key")], { status: 0 });
  await expectNothingSeen(["verify", id, ...repo, "--key-file", given("other")], { status: 1 });
  await expectNothingSeen(["verify", id, ...repo, "--key-vault", "transit:backup"], { status: 0 });
  await expectNothingSeen(["show", id, ...repo, "--key-env", "BACKUP_KEY"], { status: 0, env: keys });
  const proof = ["verify", id, "--restore", "--plain-scratch", ...repo, "--passphrase-file", given("passphrase")];
  await expectNothingSeen(proof, { status: 0, env: { ...keys, ...byVariable } });
  const target = ["--target", "copy", "--create", "--key-file", given("key")];
  await expectNothingSeen(["restore", "single", id, ...repo, ...byUrl, ...target], { status: 0 });
  await expectNothingSeen(["restore", "single", latest, ...repo, ...byUrl, "--target", "none"], { status: 2 });
  // Other keys.
  const renewed = ["--new-key-file", given("reading.pem"), "--new-key-file", given("other"), "--new-passphrase"];
  const rotate = ["keys", "rotate", id, ...repo, "--key-file", given("key"), ...renewed];
  await expectNothingSeen(rotate, { status: 0, types: typedPassphrase });
  await expectNothingSeen(["verify", id, ...repo, "--passphrase"], { status: 0, types: typedPassphrase });
  await expectNothingSeen(["verify", id, ...repo, "--passphrase"], { status: 1, types: word("wrong") });
  await expectNothingSeen([...rotate, "--re-encrypt"], { status: 0, types: typedPassphrase });
  vault.forbidden.add("secret/data/backup");
  await expectNothingSeen(["verify", id, ...repo, "--key-vault", "kv:secret/backup"], { status: 1 });
  vault.forbidden.clear();
});

test("nor those of MySQL", async () => {
  await using shop = await withMysqlShop(await sharedMysql("mariadb-10.11"));
  const repo = ["--repo", file("repo"), "--encrypt", "--key-file", given("key")];
  const wrong = new URL(shop.url);
  wrong.password = mysqlPassword;
  await expectNothingSeen(["backup", "single", shop.name, "--url", shop.url, ...repo], { status: 0 });
  wrong.username = "nobody";
  await expectNothingSeen(["backup", "single", shop.name, "--url", wrong.href, ...repo], { status: 1 });
  const login = ["--url", wrong.href.replace(`:${mysqlPassword}`, ""), "--password-file", given("mysql")];
  await expectNothingSeen(["backup", "single", shop.name, ...login, ...repo], { status: 1 });
});

test("a passphrase is asked for twice where it is new, and not shown", async () => {
  writeFileSync(file("plain"), "plain text");
  const encrypt = ["encrypt", file("plain"), "--passphrase"];
  const asked = await expectNothingSeen(encrypt, { status: 0, types: typedPassphrase });
  expect(asked).toMatch(/passphrase: .*the same again: /s);
  expect(readFileSync(`${file("plain")}.enc`, "latin1")).not.toContain("plain text");
  const decrypt = ["decrypt", `${file("plain")}.enc`, "--passphrase", "--output", file("again")];
  expect(await expectNothingSeen(decrypt, { status: 0, types: typedPassphrase })).not.toContain("again: ");
  expect(readFileSync(file("again"), "utf8")).toBe("plain text");
});
