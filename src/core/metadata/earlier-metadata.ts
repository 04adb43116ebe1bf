import { createHash } from "node:crypto";
import * as v from "valibot";
import type { BackupMetadata } from "./metadata-schema.ts";

/** What dbbackup 2 and 3 wrote beside a backup of one database. */
export const earlierMetadataSchema = v.looseObject({
  version: v.string(),
  timestamp: v.string(),
  database: v.string(),
  database_type: v.optional(v.string()),
  database_version: v.optional(v.string()),
  host: v.optional(v.string()),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  user: v.optional(v.string()),
  backup_file: v.pipe(v.string(), v.minLength(1)),
  size_bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  sha256: v.optional(v.string()),
  compression: v.optional(v.string()),
  backup_type: v.optional(v.string()),
  base_backup: v.optional(v.string()),
  duration_seconds: v.optional(v.number()),
  encrypted: v.optional(v.boolean()),
  encryption_algorithm: v.optional(v.string()),
});

type EarlierMetadata = v.InferOutput<typeof earlierMetadataSchema>;

/**
 * The same in today's terms. They have no id: it is made from the text of the file, so that it stays the same. The path
 * in `backup_file` was true when the backup was made; the artifact lies where the metadata lies.
 */
export function fromEarlierMetadata(earlier: EarlierMetadata, fileText: string): BackupMetadata {
  const hash = createHash("sha256").update(fileText, "utf8").digest("hex");
  const name = earlier.backup_file.split(/[/\\]/).at(-1)!;
  const { sha256, backup_type, ...rest } = earlier;
  const stored = sha256?.toLowerCase();
  const known = stored !== undefined && /^[0-9a-f]{64}$/.test(stored) ? { sha256: stored } : {};
  return {
    ...rest,
    ...known,
    timestamp: new Date(earlier.timestamp).toISOString(),
    backup_type: backup_type || "full",
    backup_file: name,
    id: `earlier-${hash.slice(0, 16)}`,
    format_version: 0,
    artifacts: [{ name, size: earlier.size_bytes, ...known }],
  };
}
