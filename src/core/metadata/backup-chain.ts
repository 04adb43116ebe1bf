import { createHash } from "node:crypto";
import type { BackupMetadata } from "./metadata-schema.ts";

/** Clocks of two machines that write into one repository differ by no more. */
const CLOCK_TOLERANCE_MS = 15 * 60 * 1000;
/** Encrypting again takes no longer. */
const RE_ENCRYPTION_MS = 24 * 3600 * 1000;
/** Heads that one backup names; more runs at once are not told from each other. */
const MAX_MERGED = 16;

/** What of the metadata of an encrypted backup says where it stands among others. */
export type ChainLinks = Pick<BackupMetadata, "sequence" | "previous" | "merged">;
type Linked = Pick<BackupMetadata, "re_encrypted"> &
  Pick<BackupMetadata, "id" | "timestamp" | "duration_seconds" | "sealed" | "sequence" | "previous" | "merged">;
type Link = NonNullable<BackupMetadata["previous"]>;

/** Something that speaks for a backup that was removed, exchanged, or put there by somebody else. */
export interface ChainFinding {
  /** `id` of the backup that it is about. */
  readonly id: string;
  readonly message: string;
}

/**
 * The place of a new backup: behind all that no other one stands behind. Runs at the same time do not see each other, and stand
 * behind the same one; the next is behind both. Pure.
 * @param others encrypted backups of the repository, the newest of them at least
 */
export function nextLinks(others: readonly Linked[]): ChainLinks {
  const linked = others.filter(({ sequence, sealed }) => sequence !== undefined && sealed !== undefined);
  const followed = new Set(linked.flatMap(linksOf).map(({ id }) => id));
  const heads = linked.filter(({ id }) => !followed.has(id)).toSorted((a, b) => b.sequence! - a.sequence!);
  const [previous, ...merged] = heads.slice(0, 1 + MAX_MERGED).map(linkTo);
  if (previous === undefined) return { sequence: 1 };
  return {
    sequence: heads[0]!.sequence! + 1,
    previous,
    ...(merged.length === 0 ? {} : { merged }),
  };
}

/**
 * What does not fit in the chain of a repository's encrypted backups. None of it says that a backup cannot be restored. Pure.
 * @param backups all that are there, with their `sealed` as it is stored
 */
export function chainFindings(backups: readonly Linked[]): ChainFinding[] {
  const linked = backups.filter(({ sequence }) => sequence !== undefined);
  return [...doubled(linked), ...missingOrExchanged(linked), ...outOfOrder(linked)];
}

function doubled(backups: readonly Linked[]): ChainFinding[] {
  const seen = new Set<string>();
  return backups.flatMap(({ id }) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [{ id, message: "it is there twice: somebody copied it, perhaps to pass it for a newer one" }];
  });
}

function missingOrExchanged(backups: readonly Linked[]): ChainFinding[] {
  const found = new Map(backups.map((backup) => [backup.id, backup]));
  return backups.flatMap((backup) =>
    linksOf(backup).flatMap(({ id, sha256 }) => {
      const before = found.get(id);
      if (before === undefined) {
        return [
          {
            id: backup.id,
            message: `the backup before it, "${id}", is not there: it was removed, or never copied here`,
          },
        ];
      }
      if (linkTo(before).sha256 === sha256) return [];
      return [{ id, message: `it is not the one that "${backup.id}" was made behind: it was exchanged` }];
    }),
  );
}

/** Whoever starts when another one has long ended sees it, and takes a higher number. */
function outOfOrder(backups: readonly Linked[]): ChainFinding[] {
  // Only metadata that were opened tell how long a backup took.
  const known = backups.filter(({ duration_seconds: duration }) => duration !== undefined);
  const byStart = known.toSorted((a, b) => startOf(a) - startOf(b));
  const byEnd = known.toSorted((a, b) => endOf(a) - endOf(b));
  const findings: ChainFinding[] = [];
  let highest: Linked | undefined;
  let ended = 0;
  for (const backup of byStart) {
    while (ended < byEnd.length && endOf(byEnd[ended]!) + CLOCK_TOLERANCE_MS < startOf(backup)) {
      const candidate = byEnd[ended++]!;
      if (highest === undefined || candidate.sequence! > highest.sequence!) highest = candidate;
    }
    if (highest === undefined || highest.id === backup.id || highest.sequence! < backup.sequence!) continue;
    const isFork = backup.previous?.id === highest.previous?.id;
    const message = isFork
      ? `it was made behind the same backup as "${highest.id}", which was older and not seen then: one of them was hidden, or put there later`
      : `it has number ${backup.sequence}, and "${highest.id}", which was made before it, has ${highest.sequence}: the repository was set back in between, or one of them was put there by somebody else`;
    findings.push({ id: backup.id, message });
  }
  return findings;
}

function linksOf({ previous, merged = [] }: Linked): Link[] {
  return previous === undefined ? merged : [previous, ...merged];
}

function linkTo({ id, sealed = "" }: Linked): Link {
  return { id, sha256: createHash("sha256").update(Buffer.from(sealed, "base64")).digest("hex") };
}

/** One that was encrypted again took its place in the chain then. */
function startOf({ timestamp, re_encrypted: again }: Linked): number {
  return Date.parse(again?.at ?? timestamp);
}

/** How long encrypting again took is not known: runs that began within some hours are not compared with it. */
function endOf(backup: Linked): number {
  const seconds = backup.duration_seconds ?? 0;
  return startOf(backup) + (backup.re_encrypted === undefined ? seconds * 1000 : RE_ENCRYPTION_MS);
}
