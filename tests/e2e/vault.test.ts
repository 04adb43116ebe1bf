import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { VaultStandIn } from "../helpers/vault-stand-in.ts";

let folder: string;
let vault: VaultStandIn;
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-vault-"));
  writeFileSync(file("plain"), "plain text");
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  vault = await VaultStandIn.start();
  vault.secrets.set("team/backup", { key: randomBytes(32).toString("base64"), other: "x" });
  vault.keys.set("backup", [randomBytes(32)]);
  return () => vault[Symbol.asyncDispose]();
});

const env = (more: Record<string, string> = {}) => ({ HOME: folder, ...vault.environment, ...more });

async function roundTrip(reference: string): Promise<void> {
  rmSync(file("plain.enc"), { force: true });
  await mustDbbackup(["encrypt", file("plain"), "--key-vault", reference], { env: env() });
  const decrypt = ["decrypt", file("plain.enc"), "--key-vault", reference, "--output", "-"];
  expect((await mustDbbackup(decrypt, { env: env() })).stdout.toString()).toBe("plain text");
}

test("a key of the KV engine, and one of the transit engine", async () => {
  await roundTrip("kv:secret/team/backup#key");
  await roundTrip("kv:secret/team/backup");
  await roundTrip("transit:backup");
  await roundTrip("transit:transit/backup");
  const listed = (await mustDbbackup(["keys", "list", file("plain.enc")])).stdout.toString();
  expect(listed).toContain("Vault transit");
  // Vault changes its key: what was wrapped before is unwrapped all the same.
  vault.keys.get("backup")!.push(randomBytes(32));
  const decrypt = ["decrypt", file("plain.enc"), "--key-vault", "transit:backup", "--output", "-"];
  await mustDbbackup(decrypt, { env: env({ VAULT_NAMESPACE: "team-a" }) });
  expect(vault.asked.at(-1)).toEqual({ method: "POST", path: "transit/decrypt/backup", namespace: "team-a" });
});

test("the token comes from a variable, its file, or the file of a login", async () => {
  const { VAULT_ADDR } = vault.environment as { VAULT_ADDR: string };
  const encrypt = ["encrypt", file("plain"), "--key-vault", "transit:backup", "--output", "-"];
  expect((await dbbackup(encrypt, { env: { HOME: folder, VAULT_ADDR } })).stderr).toContain(
    "there is no token for Vault",
  );
  writeFileSync(file("token"), `${vault.token}\n`);
  const named = { HOME: folder, VAULT_ADDR, VAULT_TOKEN_FILE: file("token") };
  expect((await dbbackup(encrypt, { env: named })).stderr).toContain("others can read");
  chmodSync(file("token"), 0o600);
  await mustDbbackup(encrypt, { env: named });
  writeFileSync(file(".vault-token"), vault.token, { mode: 0o600 });
  await mustDbbackup(encrypt, { env: { HOME: folder, VAULT_ADDR } });
  rmSync(file(".vault-token"));
});

function set(state: Partial<Pick<VaultStandIn, "isSealed" | "redirectsTo">>): Record<string, string> {
  Object.assign(vault, state);
  return {};
}

test("what Vault refuses is told by its reason, without the token", async () => {
  await roundTrip("transit:backup");
  const other = await VaultStandIn.start();
  const attempts: [string, string, () => Record<string, string>, number, RegExp][] = [
    ["sealed", "transit:backup", () => set({ isSealed: true }), 1, /it is sealed/],
    [
      "no right",
      "transit:backup",
      () => {
        vault.forbidden.add("transit/decrypt/backup");
        return {};
      },
      1,
      /the token may not do that/,
    ],
    ["an old token", "transit:backup", () => ({ VAULT_TOKEN: "hvs.oldTokenThatIsNone" }), 1, /invalid token/],
    ["a mount that is not there", "kv:nowhere/team/backup", () => ({}), 1, /nothing is mounted there/],
    ["a secret that is not there", "kv:secret/team/none", () => ({}), 1, /there is nothing/],
    ["a field that is not there", "kv:secret/team/backup#none", () => ({}), 1, /has no field "none"/],
    ["a field that is no key", "kv:secret/team/backup#other", () => ({}), 2, /does not hold/],
    ["another key", "transit:none", () => ({}), 1, /no key that was given opens/],
    ["a redirect", "transit:backup", () => set({ redirectsTo: other.address }), 1, /another address/],
    ["nobody there", "transit:backup", () => ({ VAULT_ADDR: "http://127.0.0.1:1" }), 1, /ECONNREFUSED/],
    ["no address", "transit:backup", () => ({ VAULT_ADDR: "" }), 2, /VAULT_ADDR/],
    ["no check of certificates", "transit:backup", () => ({ VAULT_SKIP_VERIFY: "true" }), 2, /VAULT_CACERT/],
    ["no reference", "backup", () => ({}), 2, /names no key of Vault/],
  ];
  for (const [what, reference, arrange, status, message] of attempts) {
    const more = arrange();
    const { status: found, stderr } = await dbbackup(
      ["decrypt", file("plain.enc"), "--key-vault", reference, "--output", "-", "--verbose"],
      { env: env(more) },
    );
    expect([found, stderr], what).toEqual([status, expect.stringMatching(message)]);
    expect(stderr, what).not.toContain(more["VAULT_TOKEN"] ?? vault.token);
    vault.isSealed = false;
    vault.redirectsTo = undefined;
    vault.forbidden.clear();
  }
  expect(other.asked).toEqual([]);
  await other[Symbol.asyncDispose]();
});

test("no key is made in Vault that nobody asked for", async () => {
  const encrypt = ["encrypt", file("plain"), "--key-vault", "transit:backpu", "--output", "-"];
  expect((await dbbackup(encrypt, { env: env() })).status).toBe(1);
  expect(vault.asked.map(({ path }) => path)).toEqual(["transit/keys/backpu"]);
  // A token that may encrypt and not look is enough.
  vault.forbidden.add("transit/keys/backup");
  await mustDbbackup(["encrypt", file("plain"), "--key-vault", "transit:backup", "--output", "-"], { env: env() });
});

test("a file whose wrapped key was changed is damaged", async () => {
  await roundTrip("transit:backup");
  const stored = readFileSync(file("plain.enc"));
  const at = stored.indexOf("vault:v1:") + 20;
  stored[at] = stored[at] === 0x41 ? 0x42 : 0x41;
  writeFileSync(file("plain.enc"), stored);
  const verified = await dbbackup(["verify", file("plain.enc"), "--key-vault", "transit:backup"], { env: env() });
  expect(verified.status).toBe(4);
});
