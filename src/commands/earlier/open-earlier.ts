import { BackupError } from "../../core/backup-error.ts";
import { earlierEncryptedSize } from "../../core/earlier-encryption.ts";
import type { Decryption } from "../../ports/encryption.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import type { FoundArtifact, FoundBackup } from "../found-backup.ts";

const HEAD_BYTES = 8;
const noEnd =
  "it was encrypted by an earlier dbbackup, which does not mark where a file ends, and there is no hash of what it held: one that was cut off behind a record cannot be told from a whole one";

/**
 * A backup of dbbackup 1 to 3 as it was before it was encrypted, if it was. What was recorded of it is of the plain bytes in most
 * versions, for they encrypted a file that was described already, and did not always say so.
 * @throws BackupError KEY without the right key, or with one for a file that is not encrypted; DAMAGED, IO
 */
export async function openEarlier(found: FoundBackup, decryption: Decryption | undefined): Promise<FoundBackup> {
  const { artifacts, metadata, location } = found;
  const [artifact, ...others] = artifacts;
  if (artifact === undefined || others.length > 0) return found;
  const recorded = metadata?.artifacts[0];
  const stored = await openIfThere(artifact);
  if (stored === undefined) return found;
  try {
    const isSaid =
      metadata?.encrypted === true ||
      (recorded !== undefined && stored.size === earlierEncryptedSize(recorded.size) && !(await isKnown(stored)));
    if (decryption === undefined) {
      if (isSaid) throw keyMissing(location);
      return found;
    }
    if (decryption.isSigned !== undefined) throw notSigned(location);
    if ((await decryption.earlierObject(stored)) === undefined)
      throw isSaid ? wrongKey(location) : notEncrypted(location);
    const isOfStored = recorded !== undefined && recorded.size === stored.size;
    const notes = recorded?.sha256 === undefined ? { notes: [...(found.notes ?? []), noEnd] } : {};
    const opened = { ...found, ...notes, openingDamage: found.openingDamage ?? [] };
    const decrypt = (object: OpenedObject) => decrypted(object, decryption, location);
    if (recorded === undefined || isOfStored) return { ...opened, artifacts: [{ ...artifact, decrypt }] };
    // What was recorded is checked where these bytes are read.
    return {
      ...opened,
      artifacts: [{ ...artifact, open: async () => await closingOnError(await artifact.open(), decrypt) }],
    };
  } finally {
    await stored.close();
  }
}

async function decrypted(stored: OpenedObject, decryption: Decryption, location: string): Promise<OpenedObject> {
  const plain = await decryption.earlierObject(stored);
  if (plain === undefined) throw wrongKey(location);
  return plain;
}

async function closingOnError(
  stored: OpenedObject,
  open: (stored: OpenedObject) => Promise<OpenedObject>,
): Promise<OpenedObject> {
  try {
    return await open(stored);
  } catch (error) {
    await stored.close();
    throw error;
  }
}

async function openIfThere(artifact: FoundArtifact): Promise<OpenedObject | undefined> {
  try {
    return await artifact.open();
  } catch (error) {
    // Whoever needs it says so.
    if (error instanceof BackupError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** Whether it begins as one of the files that they wrote: an archive of pg_dump, gzip, or text. */
async function isKnown(stored: OpenedObject): Promise<boolean> {
  const head = Buffer.alloc(HEAD_BYTES);
  const bytes = head.subarray(0, await stored.readAt(0, head));
  if (bytes.toString("latin1").startsWith("PGDMP") || bytes.toString("hex").startsWith("1f8b")) return true;
  return bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) && isText(bytes);
}

function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x7f);
}

function keyMissing(object: string): BackupError {
  return new BackupError({
    code: "KEY",
    message: "an earlier dbbackup encrypted the backup, and no key was given",
    object,
    hint: "give the key that it was made with: --key-file or --key-env",
  });
}

function wrongKey(object: string): BackupError {
  return new BackupError({
    code: "KEY",
    message: "no key that was given opens the backup, which an earlier dbbackup encrypted",
    object,
    hint: "it needs the key of 32 bytes, as base64 or as they are; of a passphrase the earlier programs kept too little to make the key again",
  });
}

function notEncrypted(object: string): BackupError {
  return new BackupError({
    code: "KEY",
    message: "a key was given, and the backup is not encrypted with it: anybody who can write there can have made it",
    object,
    hint: "leave out the key if that is as it should be",
  });
}

function notSigned(object: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: "the backup was not written by the owner of --verify-key: backups of earlier versions are not signed",
    object,
    hint: "anybody can have made it; use a backup that is signed",
  });
}
