import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";

/** What stands around the rows: lines that end them, statements of an empty script. */
const slackBytes = 1024 * 1024;

/**
 * How many plain bytes one table, one large object or one script of a backup may give, so that a small hostile file
 * cannot fill a disk: what the user allows, else what the metadata recorded. Undefined when nobody knows; then the
 * reader bounds the ratio.
 */
export function plainLimit(metadata: BackupMetadata | undefined, allowed: number | undefined): number | undefined {
  if (allowed !== undefined) return allowed;
  if (metadata?.objects === undefined) return undefined;
  const rows = metadata.objects.reduce((sum, { bytes }) => sum + bytes, 0);
  const whole = metadata.artifacts.reduce((most, { plain_size }) => Math.max(most, plain_size ?? 0), 0);
  return Math.max(rows, whole) + slackBytes;
}
