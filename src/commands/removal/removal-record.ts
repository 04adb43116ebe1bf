import * as v from "valibot";
import { METADATA_SUFFIX, REMOVAL_SUFFIX } from "../../core/backup-name.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";

/** More than the files of the largest backup take. */
export const MAX_REMOVAL_BYTES = 256 << 20;

const schema = v.object({
  kind: v.literal("removal"),
  version: v.literal(1),
  id: v.string(),
  metadata: v.string(),
  files: v.array(v.pipe(v.string(), v.check(isSafeRelativePath))),
});

/** What belongs to a backup that is being removed. */
export interface Removal {
  /** Of the backup. */
  readonly id: string;
  /** Key of its metadata, which goes first. */
  readonly metadata: string;
  /** Keys of all the others. */
  readonly files: readonly string[];
}

export function formatRemoval(removal: Removal): Buffer {
  return Buffer.from(`${JSON.stringify({ kind: "removal", version: 1, ...removal })}\n`);
}

/**
 * Undefined for what is none, or names files that are not those of the backup of its name: nobody may act upon it.
 * @param key of the object that it is
 */
export function parseRemoval(bytes: Buffer, key: string): Removal | undefined {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) return undefined;
  const { id, metadata, files } = parsed.output;
  const stem = key.slice(0, -REMOVAL_SUFFIX.length);
  const isWhole = metadata === `${stem}${METADATA_SUFFIX}` && files.every((name) => isOfBackup(name, stem));
  return isWhole ? { id, metadata, files } : undefined;
}

/**
 * Whether a file may be one of a backup.
 * @param stem what its metadata are called, without their ending
 */
export function isOfBackup(name: string, stem: string): boolean {
  if (name.startsWith(`${stem}/`)) return true;
  // The name of a backup may be the beginning of another's, whose metadata are none of these files.
  return (name === stem || name.startsWith(`${stem}.`)) && !name.endsWith(METADATA_SUFFIX);
}
