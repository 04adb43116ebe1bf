import { VERIFICATION_SUFFIX } from "../backup-name.ts";
import { type VerificationLevel, verificationLevels } from "./verification-level.ts";

/**
 * What the name of a record of a verification says, so that a listing needs no reading:
 * `NAME.20261122T110000Z-full-ok.verify.json`. Whoever can write there can make such a name.
 */
export interface VerificationMark {
  readonly key: string;
  /** Name of the file or folder that the backup is. */
  readonly backup: string;
  /** When it began, to the second. */
  readonly time: Date;
  readonly level: VerificationLevel;
  /** Undefined for a record of dbbackup before names told it: the file does. */
  readonly status: "ok" | "damaged" | undefined;
}

/** What stands between the time and the suffix of such a name. */
export function markLabel(level: VerificationLevel, status: "ok" | "damaged"): string {
  return `-${level}-${status}`;
}

const marked = new RegExp(
  `^(.+)\\.(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d)Z(?:-(${verificationLevels.join("|")})-(ok|damaged))?(?:-\\d+)?$`,
);

/** Reads the key of a record; undefined for other files. */
export function verificationMark(key: string): VerificationMark | undefined {
  if (!key.endsWith(VERIFICATION_SUFFIX)) return undefined;
  const found = marked.exec(key.slice(0, -VERIFICATION_SUFFIX.length));
  if (found === null) return undefined;
  const [, backup, year, month, day, hour, minute, second, level = "restore", status] = found;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(time.getTime())) return undefined;
  return {
    key,
    backup: backup!,
    time,
    level: level as VerificationLevel,
    status: status as VerificationMark["status"],
  };
}
