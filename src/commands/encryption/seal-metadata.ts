import { formatMetadata } from "../../core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { readableMetadata, SEALED_ARTIFACT } from "../../core/metadata/sealed-metadata.ts";
import type { Encryption } from "../../ports/encryption.ts";

/** The metadata of an encrypted backup as it is stored: all of it sealed, and beside that what everybody may read. */
export async function sealMetadata(metadata: BackupMetadata, encryption: Encryption): Promise<BackupMetadata> {
  const pieces: Buffer[] = [];
  const target = { write: async (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
  const sink = await encryption.open(target, { backupId: metadata.id, artifact: SEALED_ARTIFACT });
  await sink.write(Buffer.from(formatMetadata(metadata), "utf8"));
  await sink.end();
  return readableMetadata(metadata, Buffer.concat(pieces).toString("base64"));
}
