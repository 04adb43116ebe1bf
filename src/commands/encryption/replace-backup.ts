import { BackupError } from "../../core/backup-error.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import type { BackupChecker } from "../../ports/backup-checker.ts";
import type { Decryption, KeyRotation } from "../../ports/encryption.ts";
import { verifyCluster } from "../cluster/verify-cluster.ts";
import { type FoundBackup, isCluster } from "../found-backup.ts";
import { listBackups } from "../list-backups.ts";
import { folderOf } from "../proof/place-of-backup.ts";
import { removalOf, removeBackup } from "../removal/remove-backup.ts";
import { verifyBackup } from "../verify-backup.ts";
import { openEncrypted } from "./open-encrypted.ts";
import { type ReEncryptPorts, reEncrypt } from "./re-encrypt.ts";

export interface ReplacePorts extends Omit<ReEncryptPorts, "decryption" | "encryption"> {
  readonly rotation: KeyRotation;
  openChecker(): Promise<BackupChecker>;
}

export interface ReplacedBackup {
  readonly location: string;
  /** `id` of the new backup. */
  readonly id: string;
  /** It was there already: an earlier run made it. */
  readonly wasThere: boolean;
  readonly isRemoved: boolean;
  /** It is one that an earlier run made, and stays. */
  readonly hasNewKeys: boolean;
}

/**
 * Encrypts a backup again, unless an earlier run did it, and removes the old one if that is wanted and the new one is whole. A run
 * that was interrupted is begun again, and goes on.
 * @param found as it is stored
 * @throws BackupError as {@link reEncrypt}; USAGE when the new one cannot be read and the old one is to be removed, DAMAGED
 */
export async function replaceBackup(
  found: FoundBackup,
  { removesOld }: { readonly removesOld: boolean },
  ports: ReplacePorts,
  signal: AbortSignal,
): Promise<ReplacedBackup> {
  const { rotation } = ports;
  if (removesOld && rotation.newDecryption === undefined) throw cannotVerify();
  const { location, metadata } = found;
  if (await isOfEarlierRun(found, ports)) {
    return { location, id: metadata!.id, wasThere: true, isRemoved: false, hasNewKeys: true };
  }
  const before = await successorOf(found, ports, signal);
  const made = before ?? (await reEncrypt(found, { ...ports, ...rotation }, signal));
  if (removesOld) {
    await requireWhole(made, found, ports, signal);
    const storage = await ports.openStorage(folderOf(found.location));
    await removeBackup(await removalOf(found, storage), storage, ports.clock.now());
  }
  return { location, id: made.id, wasThere: before !== undefined, isRemoved: removesOld, hasNewKeys: false };
}

/** It was encrypted again, and the old keys do not open it: the new ones do, as far as there are some that can. */
async function isOfEarlierRun(found: FoundBackup, { rotation, onDamage }: ReplacePorts): Promise<boolean> {
  if (found.metadata?.re_encrypted === undefined) return false;
  const opens = async (decryption: Decryption): Promise<boolean> => {
    try {
      await openEncrypted(found, { decryption, onDamage });
      return true;
    } catch (error) {
      if (error instanceof BackupError && error.code === "KEY") return false;
      throw error;
    }
  };
  if (await opens(rotation.decryption)) return false;
  return rotation.newDecryption === undefined || (await opens(rotation.newDecryption));
}

async function successorOf(
  { metadata, location }: FoundBackup,
  { openStorage }: ReplacePorts,
  signal: AbortSignal,
): Promise<BackupMetadata | undefined> {
  if (metadata === undefined) return undefined;
  const { backups } = await listBackups(await openStorage(folderOf(location)), signal);
  return backups.find((listed) => listed.metadata.re_encrypted?.from === metadata.id)?.metadata;
}

/** @throws BackupError DAMAGED, KEY: then the old one stays */
async function requireWhole(
  { id }: BackupMetadata,
  old: FoundBackup,
  ports: ReplacePorts,
  signal: AbortSignal,
): Promise<void> {
  const { openStorage, rotation, onDamage, clock, progress } = ports;
  const { backups } = await listBackups(await openStorage(folderOf(old.location)), signal);
  const listed = backups.find(({ metadata }) => metadata.id === id);
  if (listed === undefined) throw notWhole(old, ["it is not there any more"]);
  const opened = await openEncrypted(listed.backup, { decryption: rotation.newDecryption, onDamage });
  const verify = isCluster(opened.metadata) ? verifyCluster : verifyBackup;
  const { damage } = await verify(opened, { checker: await ports.openChecker(), clock, progress }, signal);
  if (opened.metadata?.re_encrypted?.from !== old.metadata?.id) throw notWhole(old, ["it was made of another backup"]);
  if (damage.length > 0)
    throw notWhole(
      old,
      damage.map(({ object, message }) => `${object}: ${message}`),
    );
}

function cannotVerify(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "an old backup is removed when the new one was read, and no new key can read",
    hint: "give the private key with --new-key-file instead of --new-recipient, or leave out --remove-old",
  });
}

function notWhole({ location }: FoundBackup, details: readonly string[]): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: "the backup that was encrypted again is not whole; the old one was left as it is",
    object: location,
    details,
    hint: "remove the new one, and try again",
  });
}
