/** A place where the newest good backup of a database lies whole. */
export interface CopyPlace {
  /** `disk`, `sftp`, `s3`, ...: what could fail as one. */
  readonly medium: string;
  /** Another machine than this one holds it. */
  readonly isElsewhere: boolean;
  /** Nobody can change or remove it now: object lock. */
  readonly isLocked: boolean;
}

/** The rule of 3-2-1-1-0, and what of it holds. */
export interface CopyScore {
  /** Copies, the database itself included; kinds of media, its disk included; copies elsewhere; copies that nobody can change. */
  readonly copies: number;
  readonly media: number;
  readonly elsewhere: number;
  readonly locked: number;
  /** The last verification of the newest good backup found no error. */
  readonly isVerified: boolean;
  /** The digits of the rule that do not hold, with their words; empty when all do. */
  readonly missing: readonly string[];
}

/** The database lies on a disk, as far as anybody knows. */
const databaseMedium = "disk";

/**
 * Three copies, on two kinds of media, one of them elsewhere, one that cannot be changed, and no error when it was verified. Pure.
 */
export function copyScore(places: readonly CopyPlace[], isVerified: boolean): CopyScore {
  const copies = places.length + 1;
  const media = new Set([databaseMedium, ...places.map(({ medium }) => medium)]).size;
  const elsewhere = places.filter(({ isElsewhere }) => isElsewhere).length;
  const locked = places.filter(({ isLocked }) => isLocked).length;
  const rules: readonly (readonly [boolean, string])[] = [
    [copies >= 3, "3 copies"],
    [media >= 2, "2 kinds of media"],
    [elsewhere >= 1, "1 elsewhere"],
    [locked >= 1, "1 that nobody can change"],
    [isVerified, "0 errors when verified"],
  ];
  const missing = rules.flatMap(([holds, rule]) => (holds ? [] : [rule]));
  return { copies, media, elsewhere, locked, isVerified, missing };
}
