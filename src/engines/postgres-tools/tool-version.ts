/** Version of one of PostgreSQL's own programs. */
export interface ToolVersion {
  readonly major: number;
  readonly minor: number;
  /** As it says it: `18.7 (Debian 18.7-1)`. */
  readonly text: string;
}

const said = /^\S+ \(PostgreSQL\) (?<text>(?<major>\d+)(?:\.(?<minor>\d+))?.*)$/;

/** Reads what `pg_dump --version` printed; undefined when that is something else. */
export function parseToolVersion(line: string): ToolVersion | undefined {
  const { text, major, minor = "0" } = said.exec(line.trim())?.groups ?? {};
  if (text === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), text };
}

/** The first releases in which restoring an archive of a stranger's does not run commands on this machine. */
const repaired: ReadonlyMap<number, number> = new Map([
  [14, 25],
  [15, 20],
  [16, 16],
  [17, 12],
  [18, 7],
]);
const newestRepaired = Math.max(...repaired.keys());

/** Whether this release may be given archives that are not ours (CVE-2026-116314). */
export function isSafeForStrangers({ major, minor }: ToolVersion): boolean {
  if (major > newestRepaired) return true;
  const first = repaired.get(major);
  return first !== undefined && minor >= first;
}

/** The releases that {@link isSafeForStrangers}, for people. */
export const safeReleases = Array.from(repaired, ([major, minor]) => `${major}.${minor}`)
  .toReversed()
  .join(", ");
