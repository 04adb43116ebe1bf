import { BackupError } from "../../core/backup-error.ts";
import { EARLIER_HASH_SUFFIX } from "../../core/backup-name.ts";
import { withEarlierHash } from "../../core/metadata/earlier-metadata.ts";
import type { FoundBackup } from "../found-backup.ts";

/** A line of sha256sum: 64 digits and a path. */
const MAX_HASH_FILE = 16 << 10;

/**
 * A backup of dbbackup 1 to 3 with the hash that lies beside it; others as they are. Where metadata have one as well, both must
 * be the same: else a verification says so.
 * @throws BackupError IO
 */
export async function withEarlierHashFile(found: FoundBackup): Promise<FoundBackup> {
  const { metadata, openSideFile } = found;
  if (metadata === undefined || openSideFile === undefined) return found;
  const file = await openSideFile(EARLIER_HASH_SUFFIX);
  if (file === undefined) return found;
  const object = metadata.artifacts[0]!.name + EARLIER_HASH_SUFFIX;
  try {
    const bytes = Buffer.alloc(Math.min(MAX_HASH_FILE, file.size));
    const text = bytes.toString("latin1", 0, await file.readAt(0, bytes));
    const sha256 = /^([0-9a-fA-F]{64})(?:\s|$)/.exec(text)?.[1]?.toLowerCase();
    if (sha256 === undefined) return damaged(found, object, "it holds no SHA-256");
    const recorded = metadata.artifacts[0]!.sha256;
    if (recorded === undefined) return { ...found, metadata: withEarlierHash(metadata, sha256) };
    return recorded === sha256 ? found : damaged(found, object, "it is not the SHA-256 that the metadata have");
  } finally {
    await file.close();
  }
}

function damaged(found: FoundBackup, object: string, message: string): FoundBackup {
  const damage = new BackupError({ code: "DAMAGED", message, object, hint: "use another copy of it" });
  return { ...found, openingDamage: [...(found.openingDamage ?? []), damage] };
}
