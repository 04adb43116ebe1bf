import { BackupError } from "../../core/backup-error.ts";
import type { VaultSecret } from "../../core/vault-secret.ts";
import { fieldOf, type VaultClient } from "./vault-client.ts";

/**
 * The text of a field of a secret in a KV engine of version 2.
 * @param field that counts when the reference names none
 * @throws BackupError CONNECT, AUTH, NOT_FOUND, SERVER, PROTOCOL
 */
export async function readVaultField(client: VaultClient, secret: VaultSecret, field: string): Promise<string> {
  const { mount, path, field: name = field } = secret;
  const data = await client.ask("GET", `${encodedPath(mount)}/data/${encodedPath(path)}`);
  const value = fieldOf(fieldOf(data, "data"), name);
  if (typeof value === "string") return value;
  throw new BackupError({
    code: "NOT_FOUND",
    message: `the secret "${mount}/${path}" in Vault has no field "${name}" with text`,
    object: client.address,
    hint: "name the field behind #: kv:MOUNT/PATH#FIELD",
  });
}

/** A path of the user's below a mount, or a mount, for a URL. */
export function encodedPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.map((part) => (part === "." || part === ".." ? "%2E" : encodeURIComponent(part))).join("/");
}
