import { VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import { formatVerification } from "../../core/verification/format-verification.ts";
import type { Verification } from "../../core/verification/verification-schema.ts";
import type { Storage } from "../../ports/storage.ts";
import { writeBeside } from "../write-beside.ts";
import { folderOf, nameOf } from "./place-of-backup.ts";
import { isProven, type ProvenBackup } from "./prove-backup.ts";

/** More damage than this is counted, not kept. */
export const maxKeptDamage = 100;

/** The result of a proof as it is stored and printed. Pure. */
export function verificationOf(
  proven: ProvenBackup,
  tool: { readonly name: string; readonly version: string },
): Verification {
  const { metadata, server, recoverySeconds } = proven;
  return {
    version: 1,
    id: uuidV7(proven.startedAt),
    timestamp: proven.startedAt.toISOString(),
    backup: nameOf(proven.location),
    ...(metadata === undefined ? {} : { backup_id: metadata.id, database: metadata.database }),
    status: isProven(proven) ? "ok" : "damaged",
    tool,
    server: {
      kind: server.isOurs ? "throw-away" : "given",
      ...(server.version === undefined ? {} : { version: server.version }),
    },
    duration_seconds: proven.durationSeconds,
    ...(recoverySeconds === undefined ? {} : { recovery_seconds: Math.round(recoverySeconds * 1000) / 1000 }),
    phases: [...proven.phases],
    counts: { ...proven.counts },
    damage_count: proven.damage.length,
    damage: proven.damage.slice(0, maxKeptDamage).map((finding) => ({ ...finding })),
    notes: [...proven.notes],
    checks: [...proven.checks],
  };
}

/** What everybody may read of the result of a proof of an encrypted backup: whether it was one, and how long it took. */
export function withoutContents(verification: Verification): Verification {
  return { ...verification, counts: {}, damage: [], notes: [], checks: [] };
}

/**
 * Writes a result beside its backup, under a name of its own: nothing in a repository is ever written over.
 * @returns where it lies
 * @throws BackupError IO
 */
export async function storeVerification(
  location: string,
  verification: Verification,
  openStorage: (location: string) => Promise<Storage>,
): Promise<string> {
  const storage = await openStorage(folderOf(location));
  const record = {
    name: nameOf(location),
    time: new Date(verification.timestamp),
    suffix: VERIFICATION_SUFFIX,
    text: formatVerification(verification),
  };
  return `${storage.location}/${await writeBeside(record, storage)}`;
}
