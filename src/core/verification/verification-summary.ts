import { type VerificationLevel, verificationLevels } from "./verification-level.ts";
import { verificationMark } from "./verification-mark.ts";

/** What the verifications of a backup come to in one line. */
export interface VerificationSummary {
  /** `damaged` stands until a later verification that looked at least as closely found none. */
  readonly status: "ok" | "damaged";
  /** The closest that found nothing; of damage the one that found it last. */
  readonly level: VerificationLevel;
  /** When that was done last, in milliseconds since 1970. */
  readonly time: number;
}

/** The newest times, `ok` of each level and then `damaged` of each; NaN for never. */
type Times = number[];

const neverDone: readonly number[] = Array.from({ length: verificationLevels.length * 2 }, () => Number.NaN);

/**
 * What the names of the records in a repository say of each backup: nothing is opened, and of a hundred thousand backups a few
 * numbers are kept. Whoever can write there can make such names. Records of dbbackup before names told the outcome are passed over.
 */
export class VerificationSummaries {
  readonly #times = new Map<string, Times>();

  /** Takes the key of any object, most of which are no records. */
  take(key: string): void {
    const mark = verificationMark(key);
    if (mark?.status === undefined) return;
    const { backup, level, status, time } = mark;
    const times = this.#times.get(backup) ?? [...neverDone];
    this.#times.set(backup, times);
    const at = verificationLevels.indexOf(level) + (status === "ok" ? 0 : verificationLevels.length);
    if (!(times[at]! >= time.getTime())) times[at] = time.getTime();
  }

  /** @param backup name of its file or folder @returns undefined when it was never verified */
  of(backup: string): VerificationSummary | undefined {
    const times = this.#times.get(backup);
    if (times === undefined) return undefined;
    const [ok, damaged] = [times.slice(0, verificationLevels.length), times.slice(verificationLevels.length)];
    const standing = damaged
      .map((time, at) => ({ status: "damaged" as const, level: verificationLevels[at]!, time }))
      .filter(({ time }, at) => time >= 0 && !ok.some((later, closer) => closer >= at && later > time));
    if (standing.length > 0) return standing.reduce((a, b) => (b.time > a.time ? b : a));
    const closest = ok.findLastIndex((time) => time >= 0);
    return closest === -1 ? undefined : { status: "ok", level: verificationLevels[closest]!, time: ok[closest]! };
  }
}
