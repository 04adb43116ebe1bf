import { timingSafeEqual } from "node:crypto";
import { canonical } from "../../core/metadata/sealed-metadata.ts";
import type { Verification } from "../../core/verification/verification-schema.ts";
import type { FoundBackup } from "../found-backup.ts";

/** Binds a record to an encrypted backup that was unlocked; others stay as they are. @throws BackupError KEY, DAMAGED */
export async function withMac(verification: Verification, { authenticate }: FoundBackup): Promise<Verification> {
  if (authenticate === undefined) return verification;
  return { ...verification, mac: (await authenticate(macked(verification))).toString("hex") };
}

/**
 * Whether a record says what somebody wrote who had the key. Of a backup that is not encrypted, or that nobody unlocked, it is only
 * what the repository says: true.
 * @throws BackupError KEY, DAMAGED
 */
export async function isBound(verification: Verification, { authenticate }: FoundBackup): Promise<boolean> {
  if (authenticate === undefined) return true;
  const found = Buffer.from(verification.mac ?? "", "hex");
  const expected = await authenticate(macked(verification));
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** All that the record says, whatever a later version adds. */
function macked(verification: Verification): Buffer {
  const { mac: _, ...rest } = verification;
  return Buffer.from(`dbbackup verification v1\0${canonical(rest)}`, "utf8");
}
