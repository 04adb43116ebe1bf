import { METADATA_SUFFIX } from "../../core/backup-name.ts";
import { nextLinks } from "../../core/metadata/backup-chain.ts";
import { formatMetadata } from "../../core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { readableMetadata, SEALED_ARTIFACT, signedMessage } from "../../core/metadata/sealed-metadata.ts";
import type { Encryption } from "../../ports/encryption.ts";
import type { Storage, StoredObject } from "../../ports/storage.ts";
import type { StoredDestination } from "../commit-backup.ts";
import { loadMetadata } from "../found-backup.ts";

/** So many of the newest metadata are looked at for what a new backup stands behind. */
const MAX_LOOKED_AT = 50;

/**
 * The metadata of an encrypted backup as it is stored: all of it sealed, signed if there is a key for it, and beside that what
 * everybody may read.
 */
export async function sealMetadata(metadata: BackupMetadata, encryption: Encryption): Promise<BackupMetadata> {
  const pieces: Buffer[] = [];
  const target = { write: async (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
  const signature = encryption.sign?.(signedMessage(metadata));
  const signed = signature === undefined ? metadata : { ...metadata, signature: { ...signature } };
  const sink = await encryption.open(target, { backupId: metadata.id, artifact: SEALED_ARTIFACT });
  await sink.write(Buffer.from(formatMetadata(signed), "utf8"));
  await sink.end();
  return readableMetadata(metadata, Buffer.concat(pieces).toString("base64"));
}

/**
 * The metadata of a new backup as it is to be stored.
 * @returns `metadata` with its place in the repository's chain if it is encrypted and goes there; and `stored`
 * @throws BackupError IO
 */
export async function metadataToStore(
  metadata: BackupMetadata,
  encryption: Encryption | undefined,
  destination: StoredDestination,
  signal: AbortSignal,
): Promise<{ readonly metadata: BackupMetadata; readonly stored: BackupMetadata }> {
  if (encryption === undefined) return { metadata, stored: metadata };
  const isChained = destination.kind === "repository";
  const linked = isChained
    ? { ...metadata, ...nextLinks(await newestMetadata(destination.storage, signal)) }
    : metadata;
  return { metadata: linked, stored: await sealMetadata(linked, encryption) };
}

/** Metadata that cannot be read is passed over: whoever looks at the repository is told. */
async function newestMetadata(storage: Storage, signal: AbortSignal): Promise<BackupMetadata[]> {
  const objects: StoredObject[] = [];
  for await (const object of storage.list("")) if (object.key.endsWith(METADATA_SUFFIX)) objects.push(object);
  const newest = objects.toSorted((a, b) => b.modified.getTime() - a.modified.getTime()).slice(0, MAX_LOOKED_AT);
  const found: BackupMetadata[] = [];
  for (const { key } of newest) {
    signal.throwIfAborted();
    const metadata = await read(storage, key).catch(() => undefined);
    if (metadata !== undefined) found.push(metadata);
  }
  return found;
}

async function read(storage: Storage, key: string): Promise<BackupMetadata> {
  const object = await storage.open(key);
  try {
    return await loadMetadata(object, key);
  } finally {
    await object.close();
  }
}
