import * as v from "valibot";
import { type BackupMetadata, metadataSchema } from "./metadata-schema.ts";
import { withSelfHash } from "./self-hash.ts";

/**
 * Metadata as the text of its file.
 * @throws Error when it is not what our own schema says: a fault of the caller.
 */
export function formatMetadata(metadata: BackupMetadata): string {
  return withSelfHash(v.parse(metadataSchema, metadata));
}
