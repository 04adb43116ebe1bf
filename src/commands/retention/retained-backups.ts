import { tagWords } from "../../core/backup-tags.ts";
import type { CommonMetadata } from "../../core/metadata/brief-metadata.ts";
import { isEarlier } from "../../core/metadata/earlier-metadata.ts";
import type { RetainedBackup } from "../../core/retention/plan-retention.ts";
import { type Judged, judgeVerifications } from "../../core/verification/judge-verifications.ts";
import type { MarkFinder } from "../../core/verification/mark-finder.ts";
import type { VerificationMark } from "../../core/verification/verification-mark.ts";
import type { Storage } from "../../ports/storage.ts";
import { isCluster } from "../found-backup.ts";
import type { BriefBackup, Listing } from "../list-backups.ts";
import { readRecord } from "../proof/list-verifications.ts";
import { unlessGone } from "../unless-gone.ts";
import { readHolds, type StoredHold } from "./holds.ts";

/** A backup of a repository as rules of retention see it. */
export interface RetainedInRepository extends RetainedBackup, RetainedPlace {}

/** Where it is, and what people are told of it. */
interface RetainedPlace {
  /** Of its file or folder, in the repository. */
  readonly name: string;
  readonly metadataKey: string;
  /** Its name, without what tells servers apart. */
  readonly databaseName: string;
  /** For people: the database, and whether it is a server. */
  readonly title: string;
  readonly timestamp: string;
  readonly sizeBytes: number;
  /** A listing has found something wrong with it. */
  readonly hasProblems: boolean;
  /** What lies beside it was written by whoever can write into the repository, and not by who has keys. */
  readonly isEncrypted: boolean;
}

/** What its metadata say, without what lies beside it. */
export interface RetainedFacts extends RetainedInRepository {
  /** What the listing knows of it. */
  readonly health: "unverified" | "damaged";
  /** A hold that the metadata themselves have. */
  readonly ownHold?: number;
}

/** Most backups have neither. */
const none: readonly string[] = [];

/** Takes of listed backups what rules of retention must know, and keeps nothing else of them. */
export class RetainedFactsReader {
  readonly #kinds = [new Map<CommonMetadata, RetainedKind>(), new Map<CommonMetadata, RetainedKind>()] as const;

  /** @param isEncrypted as it is stored: what was unsealed does not say so by itself */
  factsOf({ key, name, brief, problems }: BriefBackup, isEncrypted: boolean): RetainedFacts {
    const { database, databaseName, title, kind, isWhole, doubt } = this.#kindOf(brief.common, isEncrypted);
    const { holdUntil } = brief;
    return {
      id: brief.id,
      name,
      metadataKey: key,
      databaseName,
      title,
      timestamp: brief.timestamp,
      sizeBytes: brief.sizeBytes,
      hasProblems: problems.length > 0,
      isEncrypted,
      database,
      kind,
      isWhole,
      time: brief.time,
      needs: brief.baseBackup === undefined ? none : [brief.baseBackup],
      tags: brief.tags === undefined ? none : tagWords(brief.tags),
      health: problems.length > 0 ? "damaged" : "unverified",
      ...(holdUntil === undefined ? {} : { ownHold: Date.parse(holdUntil) }),
      ...(doubt === undefined ? {} : { doubt }),
    };
  }

  #kindOf(common: CommonMetadata, isEncrypted: boolean): RetainedKind {
    const kinds = this.#kinds[isEncrypted ? 1 : 0];
    const known = kinds.get(common);
    if (known !== undefined) return known;
    const kind = retainedKind(common, isEncrypted);
    kinds.set(common, kind);
    return kind;
  }
}

/** What is the same of many backups. */
type RetainedKind = Pick<RetainedInRepository, "database" | "databaseName" | "title" | "kind" | "isWhole"> & {
  readonly doubt: string | undefined;
};

function retainedKind(common: CommonMetadata, isEncrypted: boolean): RetainedKind {
  const { database, backup_type: type, method = "logical", isPartial = false } = common;
  return {
    database: databaseKey(common, isEncrypted),
    databaseName: database,
    title: isCluster(common) ? `${database} (cluster)` : database,
    kind: [type, method, ...(isPartial ? ["partial"] : [])].join(" "),
    isWhole: type === "full" && !isPartial,
    doubt: doubtOf(common),
  };
}

/**
 * What rules of retention must know of the backups of a repository. Of verifications: which backups are damaged, and which is the newest
 * of each database that was proved. No other records are opened: nothing is decided by them.
 * @param facts of all of them; of encrypted ones as far as there are keys
 * @returns the same, oldest first
 * @throws BackupError IO
 */
export async function retainedBackups(
  facts: readonly RetainedFacts[],
  { objects, marks }: Pick<Listing, "objects" | "marks">,
  storage: Storage,
): Promise<readonly RetainedInRepository[]> {
  const holds = Map.groupBy(await readHolds(objects, storage), ({ name }) => name);
  const oldestFirst = facts.toSorted(byTime);
  const healths = await healthsOf(oldestFirst, marks, storage);
  const twice = repeatedIds(facts);
  return oldestFirst.map((known) => {
    const { id, name, hasProblems, ownHold } = known;
    const [held, health] = [holds.get(name), healths.get(known)];
    // Most have nothing beside them: a second object for each would be the half of the memory again.
    if (held === undefined && health === undefined && ownHold === undefined && !twice.has(id)) return known;
    const { ownHold: _, ...backup } = known;
    const holdUntil = heldUntil(id, ownHold, held ?? []);
    const doubt = known.doubt ?? (twice.has(id) ? "another backup has the same id" : undefined);
    return {
      ...backup,
      health: hasProblems ? "damaged" : (health ?? "unverified"),
      ...(holdUntil === undefined ? {} : { holdUntil }),
      ...(doubt === undefined ? {} : { doubt }),
    };
  });
}

/** Of those backups that records say something of which matters. */
async function healthsOf(
  oldestFirst: readonly RetainedFacts[],
  marks: MarkFinder,
  storage: Storage,
): Promise<ReadonlyMap<RetainedFacts, RetainedBackup["health"]>> {
  const healths = new Map<RetainedFacts, RetainedBackup["health"]>();
  const { doubtful, proved } = marks;
  if (doubtful.size === 0 && proved.size === 0) return healths;
  const withProof = new Set<string>();
  for (let at = oldestFirst.length - 1; at >= 0; at--) {
    const backup = oldestFirst[at]!;
    const { name, id, database, isWhole, hasProblems } = backup;
    const isAsked = isWhole && !hasProblems && proved.has(name) && !withProof.has(database);
    if (!isAsked && !doubtful.has(name)) continue;
    const health = await healthOf(id, marks.of(name), storage);
    healths.set(backup, health);
    if (isWhole && !hasProblems && health === "proved") withProof.add(database);
  }
  return healths;
}

function byTime(a: RetainedFacts, b: RetainedFacts): number {
  return a.time !== b.time ? a.time - b.time : a.id < b.id ? -1 : 1;
}

/**
 * Tells databases of one name on two servers apart: the retention of one must never count the other's backups. Encrypted ones are by
 * themselves: whoever can write into the repository could put a newer one in the clear there.
 */
function databaseKey(common: CommonMetadata, isEncrypted: boolean): string {
  const { database_type: type = "", host = "", port = 0 } = common;
  const server = common.server ?? `${host}:${port}`;
  const scope = isCluster(common) ? "cluster" : "database";
  return JSON.stringify([type, server, scope, common.database, isEncrypted ? "encrypted" : "clear"]);
}

function doubtOf(common: CommonMetadata): string | undefined {
  if (isEarlier(common)) return "an earlier version of dbbackup wrote it, whose backups are left alone";
  return common.isSealed === undefined ? undefined : "it is encrypted, and no key that was given opens it";
}

function repeatedIds(facts: readonly RetainedFacts[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { id } of facts) {
    if (seen.has(id)) twice.add(id);
    seen.add(id);
  }
  return twice;
}

/** The latest end of all holds; one that cannot be read, or is of another backup, has none. */
function heldUntil(id: string, own: number | undefined, holds: readonly StoredHold[]): number | undefined {
  const ends = holds.map(({ hold }) =>
    hold?.backupId !== id ? Number.POSITIVE_INFINITY : (hold.until?.getTime() ?? Number.POSITIVE_INFINITY),
  );
  if (own !== undefined) ends.push(own);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** What the verifications of a backup say. */
async function healthOf(
  id: string,
  marks: readonly VerificationMark[],
  storage: Storage,
): Promise<RetainedBackup["health"]> {
  const found: Judged[] = [];
  for (const mark of marks) {
    const verification = await readRecord(mark, storage).catch(unlessGone);
    if (verification?.backup_id !== id) continue;
    found.push({ level: mark.level, status: verification.status, time: Date.parse(verification.timestamp) });
  }
  return judgeVerifications(found);
}
