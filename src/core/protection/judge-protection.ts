/** How a database is to be protected. Times are milliseconds. */
export interface ProtectionPolicy {
  /** The last good backup may be so old. */
  readonly maxAge: number;
  /** The last one that was restored for proof may be so old. */
  readonly maxProofAge: number;
}

/** What is known of the backups of one database. Times are milliseconds since 1970. */
export interface ProtectionFacts {
  /** When the newest whole backup that is not known to be damaged was made. */
  readonly lastGood: number | undefined;
  /** When the newest one that was restored for proof was made. */
  readonly lastProved: number | undefined;
  /** A newer one than the last good that is damaged, or that nothing good can be said of, and why. */
  readonly spoiled: { readonly time: number; readonly why: string } | undefined;
  /** The last attempt to make a backup that came to a bad end. */
  readonly failure: { readonly time: number; readonly why: string } | undefined;
}

/** From the worst to the best. */
export const protectionStates = ["failing", "stale", "unproved", "protected"] as const;

export type ProtectionState = (typeof protectionStates)[number];

export interface Protection {
  readonly state: ProtectionState;
  /** Why it is not protected; empty when it is. */
  readonly reasons: readonly string[];
}

/**
 * Judges whether a database is protected as its policy asks. Pure.
 * @param shownAge says how long something took or is ago, for people: milliseconds to `3 d`
 */
export function judgeProtection(
  { lastGood, lastProved, spoiled, failure }: ProtectionFacts,
  { maxAge, maxProofAge }: ProtectionPolicy,
  now: number,
  shownAge: (ms: number) => string,
): Protection {
  const found: [ProtectionState, string][] = [];
  if (lastGood === undefined) found.push(["failing", "there is no good backup"]);
  if (spoiled !== undefined) found.push(["failing", `the newest backup cannot be counted on: ${spoiled.why}`]);
  if (failure !== undefined && failure.time > (lastGood ?? Number.NEGATIVE_INFINITY)) {
    found.push(["failing", `the last attempt failed ${shownAge(now - failure.time)} ago: ${failure.why}`]);
  }
  if (lastGood !== undefined && now - lastGood > maxAge) {
    found.push(["stale", `the last good backup is ${shownAge(now - lastGood)} old, and may be ${shownAge(maxAge)}`]);
  }
  if (lastGood !== undefined && lastProved === undefined) {
    found.push(["unproved", "no backup was restored for proof"]);
  } else if (lastProved !== undefined && now - lastProved > maxProofAge) {
    const [age, most] = [shownAge(now - lastProved), shownAge(maxProofAge)];
    found.push(["unproved", `the last backup that was restored for proof is ${age} old, and may be ${most}`]);
  }
  const state = protectionStates.find((one) => found.some(([other]) => other === one)) ?? "protected";
  return { state, reasons: found.map(([, reason]) => reason) };
}
