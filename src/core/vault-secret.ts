/** A field of a secret in a KV engine of HashiCorp Vault. */
export interface VaultSecret {
  readonly mount: string;
  readonly path: string;
  /** Missing: what is usual for what is wanted. */
  readonly field?: string;
}

/** How users write it: for hints. */
export const vaultSecretForm = "kv:MOUNT/PATH#FIELD";

/** Reads `kv:MOUNT/PATH#FIELD`, or without `#FIELD`; undefined for anything else. Pure. */
export function parseVaultSecret(reference: string): VaultSecret | undefined {
  const parts = /^kv:(?<mount>[^/#]+)\/(?<path>[^#]+?)(?:#(?<field>[^#]+))?$/.exec(reference)?.groups;
  if (parts === undefined) return undefined;
  const [mount, path, field] = [parts["mount"]!, parts["path"]!, parts["field"]];
  return { mount, path, ...(field === undefined ? {} : { field }) };
}
