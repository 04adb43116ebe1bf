import { BackupError } from "../../core/backup-error.ts";
import { parseVaultSecret } from "../../core/vault-secret.ts";
import type { KeyMaterial, TransitKey } from "../../ports/encryption.ts";
import { parseKey } from "../parse-key.ts";
import { encodedPath, readVaultField } from "./read-vault-field.ts";
import { fieldOf, VaultClient, type VaultEnvironment, type VaultPurpose } from "./vault-client.ts";

const DATA_KEY_LENGTH = 32;
const USUAL_FIELD = "key";
const purpose: VaultPurpose = { what: "key", namedBy: "--key-vault" };

/**
 * A key that Vault holds: `kv:MOUNT/PATH#FIELD`, a secret of a KV engine of version 2 whose field (default: `key`) is a key as
 * key files have it; or `transit:NAME`, `transit:MOUNT/NAME`, a key of a transit engine, which never leaves Vault.
 * @throws BackupError CONFIG, CONNECT, AUTH, NOT_FOUND, SERVER, PROTOCOL
 */
export async function readVaultKey(reference: string, environment: VaultEnvironment): Promise<KeyMaterial> {
  const secret = parseVaultSecret(reference);
  if (secret !== undefined) {
    const client = await VaultClient.open(environment, purpose);
    const text = await readVaultField(client, secret, USUAL_FIELD);
    const from = `field "${secret.field ?? USUAL_FIELD}" of "${secret.mount}/${secret.path}" in Vault`;
    return parseKey(Buffer.from(text, "utf8"), from);
  }
  const transit = /^transit:(?:(?<mount>[^#]+)\/)?(?<name>[^/#]+)$/.exec(reference)?.groups;
  if (transit !== undefined) {
    const client = await VaultClient.open(environment, purpose);
    const [mount, name] = [transit["mount"] ?? "transit", transit["name"]!];
    return { kind: "transit", name: `${mount}/${name}`, key: transitKey(client, mount, name) };
  }
  throw new BackupError({
    code: "CONFIG",
    message: `"${reference}" names no key of Vault`,
    hint: "kv:MOUNT/PATH#FIELD, or transit:NAME, or transit:MOUNT/NAME",
  });
}

function transitKey(client: VaultClient, mount: string, name: string): TransitKey {
  const at = (action: string): string => `${encodedPath(mount)}/${action}/${encodedPath(name)}`;
  const text = (data: unknown, field: string): string => {
    const value = fieldOf(data, field);
    if (typeof value === "string" && value !== "") return value;
    throw strangeAnswer(client, at("..."));
  };
  return {
    async wrap(dataKey) {
      // Vault would make a key of any name for whoever may: one that nobody keeps.
      await client.ask("GET", at("keys")).catch(passOver("AUTH"));
      return text(await client.ask("POST", at("encrypt"), { plaintext: dataKey.toString("base64") }), "ciphertext");
    },
    async unwrap(ciphertext) {
      const data = await client.ask("POST", at("decrypt"), { ciphertext }).catch(passOver("KEY"));
      if (data === undefined) return undefined;
      const plain = text(data, "plaintext");
      const dataKey = Buffer.from(plain, "base64");
      if (dataKey.length !== DATA_KEY_LENGTH) throw strangeAnswer(client, at("decrypt"));
      return dataKey;
    },
  };
}

/** For errors of this code, nothing. */
function passOver(code: BackupError["code"]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof BackupError) || error.code !== code) throw error;
  };
}

function strangeAnswer({ address }: VaultClient, path: string): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: "Vault does not give the key: its answer is none of a transit engine",
    object: `${address}/v1/${path}`,
    hint: "check the mount in --key-vault",
  });
}
