import { BackupError } from "../../core/backup-error.ts";
import { Secret } from "../../core/secret.ts";
import { parseVaultSecret, vaultSecretForm } from "../../core/vault-secret.ts";
import { readVaultField } from "./read-vault-field.ts";
import { VaultClient, type VaultEnvironment } from "./vault-client.ts";

const USUAL_FIELD = "password";
/** As of a password file. */
const MAX_PASSWORD_BYTES = 64 * 1024;

/**
 * The password of a server, of `kv:MOUNT/PATH#FIELD` in Vault: all of the field but one newline at its end, which files that were
 * put there leave.
 * @throws BackupError CONFIG for a reference that names no secret, and a field that holds no password; CONNECT, AUTH, NOT_FOUND, SERVER, PROTOCOL
 */
export async function readVaultPassword(reference: string, environment: VaultEnvironment): Promise<Secret> {
  const secret = parseVaultSecret(reference);
  if (secret === undefined) {
    throw new BackupError({
      code: "CONFIG",
      message: `"${reference}" names no password in Vault`,
      hint: `${vaultSecretForm}; the usual field is "${USUAL_FIELD}"`,
    });
  }
  const client = await VaultClient.open(environment, { what: "password", namedBy: `"${reference}"` });
  const text = (await readVaultField(client, secret, USUAL_FIELD)).replace(/\r?\n$/, "");
  if (text !== "" && Buffer.byteLength(text) <= MAX_PASSWORD_BYTES && !/[\r\n\0]/.test(text)) return new Secret(text);
  const why = text === "" ? "is empty" : "has several lines, or is too long";
  throw new BackupError({
    code: "CONFIG",
    message: `field "${secret.field ?? USUAL_FIELD}" of "${secret.mount}/${secret.path}" in Vault is no password: it ${why}`,
    object: client.address,
    hint: "it holds the password alone",
  });
}
