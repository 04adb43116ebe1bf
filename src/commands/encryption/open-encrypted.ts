import { BackupError } from "../../core/backup-error.ts";
import { backupArtifact, fileContext, isEncryptedFile, withoutSuffix } from "../../core/encrypted-file.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { SEALED_ARTIFACT, unsealedMetadata } from "../../core/metadata/sealed-metadata.ts";
import type { ContainerContext, Decryption } from "../../ports/encryption.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { type FoundArtifact, type FoundBackup, fileName } from "../found-backup.ts";

/** How an encrypted backup is read. */
export interface Unlocking {
  /** Undefined: no key was given. */
  readonly decryption: Decryption | undefined;
  /** A header was changed, and what it stands before can be read all the same. */
  readonly onHeaderDamage: (damage: BackupError) => void;
}

/**
 * A backup as it is when it is not encrypted, with metadata of which only what was sealed counts. Others are answered as they are,
 * unless a key was given: who has one does not expect a backup that anybody could have written.
 * @throws BackupError KEY without the right key, DAMAGED, USAGE
 */
export async function openEncrypted(
  found: FoundBackup,
  { decryption, onHeaderDamage }: Unlocking,
): Promise<FoundBackup> {
  const { metadata } = found;
  const isEncrypted = metadata === undefined ? await isContainerAlone(found) : metadata.sealed !== undefined;
  if (!isEncrypted) {
    if (decryption !== undefined) throw notEncrypted(found);
    return found;
  }
  if (decryption === undefined) throw keyMissing(found);
  const decrypt = (stored: OpenedObject, context: ContainerContext): Promise<OpenedObject> =>
    decryption.object(stored, context, (damage) => onHeaderDamage(damage.on(found.location)));
  const withContext = (artifact: FoundArtifact, context: ContainerContext): FoundArtifact => ({
    ...artifact,
    decrypt: (stored) => decrypt(stored, context),
  });
  if (metadata === undefined) {
    return { ...found, artifacts: found.artifacts.map((artifact) => withContext(artifact, fileContext)) };
  }
  const { id } = metadata;
  const text = await unsealed(metadata, found, decryption, onHeaderDamage);
  return {
    ...found,
    metadata: unsealedMetadata(text, metadata, found.location),
    artifacts: found.artifacts.map((artifact) => {
      const name = found.folder === undefined ? backupArtifact : withoutSuffix(fileName(artifact.name));
      return withContext(artifact, { backupId: id, artifact: name });
    }),
  };
}

async function unsealed(
  { id, sealed }: BackupMetadata,
  { location }: FoundBackup,
  decryption: Decryption,
  onHeaderDamage: Unlocking["onHeaderDamage"],
): Promise<string> {
  const pieces: Buffer[] = [];
  const stored = [Buffer.from(sealed!, "base64")];
  const context = { backupId: id, artifact: SEALED_ARTIFACT };
  try {
    for await (const piece of decryption.stream(one(stored), context, onHeaderDamage)) pieces.push(piece);
  } catch (error) {
    throw error instanceof BackupError ? error.on(`${location}, metadata`) : error;
  }
  return Buffer.concat(pieces).toString("utf8");
}

async function* one(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}

/** Whether a file that no metadata tell of is encrypted. */
async function isContainerAlone({ folder, artifacts }: FoundBackup): Promise<boolean> {
  const [artifact, ...others] = artifacts;
  if (folder !== undefined || artifact === undefined || others.length > 0) return false;
  const stored = await artifact.open();
  try {
    const first = Buffer.alloc(8);
    return isEncryptedFile(first.subarray(0, await stored.readAt(0, first)));
  } finally {
    await stored.close();
  }
}

function keyMissing({ location }: FoundBackup): BackupError {
  return new BackupError({
    code: "KEY",
    message: "the backup is encrypted, and no key was given",
    object: location,
    hint: "give the key with --key-file, --key-env, --passphrase-file or --passphrase",
  });
}

function notEncrypted({ location }: FoundBackup): BackupError {
  return new BackupError({
    code: "KEY",
    message: "a key was given, and the backup is not encrypted: anybody who can write there can have made it",
    object: location,
    hint: "leave out the key if that is as it should be",
  });
}
