/** What is behind the name of a file that is encrypted. */
export const ENCRYPTED_SUFFIX = ".enc";

/** The name of a file before it was encrypted. */
export function withoutSuffix(name: string): string {
  return name.endsWith(ENCRYPTED_SUFFIX) ? name.slice(0, -ENCRYPTED_SUFFIX.length) : name;
}

/** What every encrypted file begins with. */
export const ENCRYPTED_MAGIC = Buffer.from("DBBKENC1", "latin1");

/** Whether bytes begin as an encrypted file does. */
export function isEncryptedFile(first: Uint8Array): boolean {
  return first.length >= ENCRYPTED_MAGIC.length && ENCRYPTED_MAGIC.equals(first.subarray(0, ENCRYPTED_MAGIC.length));
}

/** What a file is called that `encrypt` made by itself, and not for a backup: it may be renamed. */
export const fileContext = { backupId: "file", artifact: "" } as const;

/** What the file of a backup of one file is called, whatever its name is. */
export const backupArtifact = "backup";

/** What key files have behind the name of their encrypted file; behind it are time and random digits. */
export const KEY_FILE_MARK = ".keys-";
