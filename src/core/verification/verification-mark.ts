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

/** `20261122T110000Z` */
const TIME_LENGTH = 16;
const marked = new RegExp(`^\\d{8}T\\d{6}Z(?:-(${verificationLevels.join("|")})-(ok|damaged))?(?:-\\d+)?$`);

/** Reads the key of a record; undefined for other files. There may be hundreds of thousands: only what must be is cut out. */
export function verificationMark(key: string): VerificationMark | undefined {
  if (!key.endsWith(VERIFICATION_SUFFIX)) return undefined;
  const end = key.length - VERIFICATION_SUFFIX.length;
  const dot = key.lastIndexOf(".", end - 1);
  if (dot < 1) return undefined;
  const found = marked.exec(key.slice(dot + 1, end));
  if (found === null) return undefined;
  const time = timeOf(key.slice(dot + 1, dot + 1 + TIME_LENGTH));
  if (Number.isNaN(time.getTime())) return undefined;
  return {
    key,
    backup: key.slice(0, dot),
    time,
    level: (found[1] ?? "restore") as VerificationLevel,
    status: found[2] as VerificationMark["status"],
  };
}

function timeOf(text: string): Date {
  const [date, time] = [text.slice(0, 8), text.slice(9, 15)];
  return new Date(
    `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`,
  );
}
