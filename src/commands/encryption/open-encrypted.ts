import { BackupError } from "../../core/backup-error.ts";
import { METADATA_SUFFIX } from "../../core/backup-name.ts";
import { backupArtifact, fileContext, isEncryptedFile, withoutSuffix } from "../../core/encrypted-file.ts";
import { isEarlier } from "../../core/metadata/earlier-metadata.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { SEALED_ARTIFACT, signedMessage, unsealedMetadata } from "../../core/metadata/sealed-metadata.ts";
import type { ContainerContext, Decryption, Opening } from "../../ports/encryption.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { openEarlier } from "../earlier/open-earlier.ts";
import { type FoundArtifact, type FoundBackup, fileName, type HowToOpen, isCluster } from "../found-backup.ts";
import { withRecordedHeader } from "./recorded-header.ts";

/** How an encrypted backup is read. */
export interface Unlocking {
  /** Undefined: no key was given. */
  readonly decryption: Decryption | undefined;
  /** A header or key file was changed, and what it stands before can be read all the same. Called once for each. */
  readonly onDamage: (damage: BackupError) => void;
}

/**
 * A backup as it is when it is not encrypted, with metadata of which only what was sealed counts. Others are answered as they are,
 * unless a key was given: who has one does not expect a backup that anybody could have written.
 * @throws BackupError KEY without the right key, DAMAGED, USAGE
 */
export async function openEncrypted(found: FoundBackup, unlocking: Unlocking): Promise<FoundBackup> {
  const { metadata, location } = found;
  const { decryption } = unlocking;
  if (isEarlier(metadata)) return await openEarlier(found, decryption);
  const isEncrypted = metadata === undefined ? await isContainerAlone(found) : metadata.sealed !== undefined;
  if (!isEncrypted) {
    if (decryption === undefined) return found;
    // A file that an earlier version encrypted shows it only to the key.
    if (metadata === undefined && found.folder === undefined) return await openEarlier(found, decryption);
    throw notEncrypted(found);
  }
  if (decryption === undefined) throw keyMissing(found);
  const openingDamage: BackupError[] = [];
  const reader = new Reader(decryption, (damage) => {
    const isKnown = openingDamage.some(({ message, object }) => message === damage.message && object === damage.object);
    if (isKnown) return;
    openingDamage.push(damage);
    unlocking.onDamage(damage);
  });
  const openInner = (inner: FoundBackup) => openEncrypted(inner, unlocking);
  const opened = { ...found, openingDamage, openInner };
  if (metadata === undefined) {
    if (decryption.isSigned !== undefined) throw notSigned(location, "it has no metadata, which alone is signed");
    return { ...opened, artifacts: found.artifacts.map((artifact) => reader.plain(artifact, fileContext)) };
  }
  const plain = unsealedMetadata(await reader.unsealed(metadata, found), metadata, location);
  refuseOtherWriters(plain, found, decryption);
  const contextOf = contextsIn(plain, found);
  return {
    ...opened,
    metadata: plain,
    authenticate: (message) => reader.authenticate(metadata, found, message),
    artifacts: found.artifacts.map((artifact) => {
      const context = contextOf(artifact.name);
      if (context === undefined) return artifact;
      const recorded = plain.artifacts.find(({ name }) => name === artifact.name)?.header;
      return reader.plain(artifact, context, recorded === undefined ? undefined : Buffer.from(recorded, "base64"));
    }),
  };
}

/** Which file each artifact of a backup must be; undefined for what is not encrypted as a whole. */
function contextsIn(metadata: BackupMetadata, { folder }: FoundBackup): (name: string) => ContainerContext | undefined {
  const { id, part_of: cluster } = metadata;
  if (folder === undefined && cluster === undefined) return () => ({ backupId: id, artifact: backupArtifact });
  return (name) => {
    // Metadata of the databases of a cluster: what is in them is sealed.
    if (isCluster(metadata) && name.endsWith(METADATA_SUFFIX)) return undefined;
    return { backupId: cluster ?? id, artifact: withoutSuffix(fileName(name)) };
  };
}

/** Opens the files of one backup. */
class Reader {
  readonly #decryption: Decryption;
  readonly #onDamage: (damage: BackupError) => void;

  constructor(decryption: Decryption, onDamage: (damage: BackupError) => void) {
    this.#decryption = decryption;
    this.#onDamage = onDamage;
  }

  /** @param recorded its header, as the metadata have it */
  plain(artifact: FoundArtifact, context: ContainerContext, recorded?: Buffer): FoundArtifact {
    const decrypt = async (stored: OpenedObject, how: HowToOpen = {}) =>
      await this.#decryption.object(stored, { ...(await this.#opening(artifact, context)), ...how });
    if (recorded === undefined) return { ...artifact, context, decrypt };
    const open = async () =>
      await withRecordedHeader(await artifact.open(), recorded, decrypt, (damage) =>
        this.#onDamage(damage.on(artifact.name)),
      );
    return { ...artifact, context, open, decrypt };
  }

  async unsealed(metadata: BackupMetadata, found: FoundBackup): Promise<string> {
    const pieces: Buffer[] = [];
    const opening = await this.#openingOfMetadata(metadata, found);
    try {
      const stored = one(Buffer.from(metadata.sealed!, "base64"));
      for await (const piece of this.#decryption.stream(stored, opening)) pieces.push(piece);
    } catch (error) {
      throw error instanceof BackupError ? error.on(metadataOf(found)) : error;
    }
    return Buffer.concat(pieces).toString("utf8");
  }

  async authenticate(metadata: BackupMetadata, found: FoundBackup, message: Uint8Array): Promise<Buffer> {
    const opening = await this.#openingOfMetadata(metadata, found);
    return await this.#decryption.authenticate(Buffer.from(metadata.sealed!, "base64"), opening, message);
  }

  async #openingOfMetadata({ id }: BackupMetadata, found: FoundBackup): Promise<Opening> {
    return {
      context: { backupId: id, artifact: SEALED_ARTIFACT },
      keyFiles: (await found.metadataFile?.keyFiles()) ?? [],
      onDamage: (damage: BackupError) => this.#onDamage(damage.on(metadataOf(found))),
    };
  }

  async #opening({ name, file }: FoundArtifact, context: ContainerContext): Promise<Opening> {
    const onDamage = (damage: BackupError) => this.#onDamage(damage.on(name));
    return { context, keyFiles: (await file?.keyFiles()) ?? [], onDamage };
  }
}

function metadataOf({ location }: FoundBackup): string {
  return `${location}, metadata`;
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
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

/** @throws BackupError DAMAGED when the user says who may have written it, and somebody else has */
function refuseOtherWriters(metadata: BackupMetadata, { location }: FoundBackup, { isSigned }: Decryption): void {
  if (isSigned === undefined) return;
  const { signature } = metadata;
  if (signature === undefined) throw notSigned(location, "it is not signed");
  if (!isSigned(signedMessage(metadata), signature)) {
    throw notSigned(location, `its signature is none of that key, but says to be of ${shownKey(signature.key)}`);
  }
}

/** It comes from whoever wrote the backup. */
function shownKey(key: string): string {
  return /^ed25519:[A-Za-z0-9+/=]{44}$/.test(key) ? `"${key}"` : "another";
}

function notSigned(object: string, why: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the backup was not written by the owner of --verify-key: ${why}`,
    object,
    hint: "anybody who has the key that it is encrypted for can have made it; use a backup that is signed",
  });
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
