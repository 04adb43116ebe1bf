import { METADATA_SUFFIX, VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import type { RetainedBackup } from "../../core/retention/plan-retention.ts";
import { readVerification } from "../../core/verification/read-verification.ts";
import type { Verification } from "../../core/verification/verification-schema.ts";
import type { Storage } from "../../ports/storage.ts";
import { isCluster, isPartial } from "../found-backup.ts";
import type { ListedBackup } from "../list-backups.ts";
import { nameOf } from "../proof/place-of-backup.ts";
import { readWhole } from "../read-whole.ts";
import { nameBeside } from "../write-beside.ts";
import { readHolds, type StoredHold } from "./holds.ts";

/** A hundred findings and the rows of some checks; a larger file is none of ours. */
const MAX_VERIFICATION_BYTES = 16 << 20;

/** A backup of a repository as rules of retention see it. */
export interface RetainedInRepository extends RetainedBackup {
  readonly listed: ListedBackup;
  /** What lies beside it was written by whoever can write into the repository, and not by who has keys. */
  readonly isEncrypted: boolean;
  /** For people: the database, without what tells servers apart. */
  readonly title: string;
}

/**
 * What rules of retention must know of the backups of a repository.
 * @param listed all of them; encrypted ones opened, as far as there are keys
 * @param keys of what lies in the repository, with their sizes
 * @throws BackupError IO
 */
export async function retainedBackups(
  listed: readonly ListedBackup[],
  keys: ReadonlyMap<string, number>,
  storage: Storage,
): Promise<readonly RetainedInRepository[]> {
  const holds = Map.groupBy(await readHolds(keys, storage), ({ name }) => name);
  const verifications = Map.groupBy(await readVerifications(keys, storage), ({ name }) => name);
  const twice = repeatedIds(listed);
  return listed.map((backup) => {
    const name = nameOf(backup.backup.location);
    const { metadata } = backup;
    const doubt = doubtOf(backup, twice);
    // What was unsealed does not say so by itself.
    const isEncrypted = backup.backup.metadata?.sealed !== undefined;
    const holdUntil = heldUntil(metadata, holds.get(name) ?? []);
    return {
      listed: backup,
      title: titleOf(metadata),
      id: metadata.id,
      database: databaseKey(metadata, isEncrypted),
      isEncrypted,
      kind: kindOf(metadata),
      isWhole: metadata.backup_type === "full" && !isPartial(metadata),
      time: Date.parse(metadata.timestamp),
      needs: metadata.base_backup === undefined ? [] : [metadata.base_backup],
      tags: Object.entries(metadata.tags ?? {}).map(([tag, value]) => (value === "" ? tag : `${tag}=${value}`)),
      health: backup.problems.length > 0 ? "damaged" : healthOf(metadata.id, verifications.get(name) ?? []),
      ...(holdUntil === undefined ? {} : { holdUntil }),
      ...(doubt === undefined ? {} : { doubt }),
    };
  });
}

function titleOf(metadata: BackupMetadata): string {
  return isCluster(metadata) ? `${metadata.database} (cluster)` : metadata.database;
}

/**
 * Tells databases of one name on two servers apart: the retention of one must never count the other's backups. Encrypted ones are by
 * themselves: whoever can write into the repository could put a newer one in the clear there.
 */
function databaseKey(metadata: BackupMetadata, isEncrypted: boolean): string {
  const { database_type: type = "", source = {}, host = "", port = 0 } = metadata;
  const server = source.system_identifier ?? source.server_uuid ?? `${host}:${port}`;
  const scope = isCluster(metadata) ? "cluster" : "database";
  return JSON.stringify([type, server, scope, metadata.database, isEncrypted ? "encrypted" : "clear"]);
}

function kindOf(metadata: BackupMetadata): string {
  const { backup_type: type, method = "logical" } = metadata;
  return [type, method, ...(isPartial(metadata) ? ["partial"] : [])].join(" ");
}

function doubtOf({ metadata }: ListedBackup, twice: ReadonlySet<string>): string | undefined {
  if (metadata.sealed !== undefined) return "it is encrypted, and no key that was given opens it";
  return twice.has(metadata.id) ? "another backup has the same id" : undefined;
}

function repeatedIds(listed: readonly ListedBackup[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { metadata } of listed) {
    if (seen.has(metadata.id)) twice.add(metadata.id);
    seen.add(metadata.id);
  }
  return twice;
}

/** The latest end of all holds; one that cannot be read, or is of another backup, has none. */
function heldUntil({ id, hold_until: own }: BackupMetadata, holds: readonly StoredHold[]): number | undefined {
  const ends = holds.map(({ hold }) =>
    hold?.backupId !== id ? Number.POSITIVE_INFINITY : (hold.until?.getTime() ?? Number.POSITIVE_INFINITY),
  );
  if (typeof own === "string") ends.push(Date.parse(own));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

interface StoredVerification {
  readonly name: string;
  readonly verification: Verification;
}

async function readVerifications(keys: ReadonlyMap<string, number>, storage: Storage): Promise<StoredVerification[]> {
  const found: StoredVerification[] = [];
  for (const [key, size] of keys) {
    if (!key.endsWith(VERIFICATION_SUFFIX) || size > MAX_VERIFICATION_BYTES) continue;
    const verification = readVerification((await readWhole(storage, key)).toString("utf8"));
    if (verification !== undefined) found.push({ name: nameBeside(key, VERIFICATION_SUFFIX), verification });
  }
  return found;
}

/** What the last verification said. */
function healthOf(id: string, stored: readonly StoredVerification[]): RetainedBackup["health"] {
  const own = stored.map(({ verification }) => verification).filter(({ backup_id: backup }) => backup === id);
  const last = own.reduce<Verification | undefined>(
    (latest, one) => (latest === undefined || one.timestamp > latest.timestamp ? one : latest),
    undefined,
  );
  return last === undefined ? "unverified" : last.status === "ok" ? "proved" : "damaged";
}

/** The keys of what lies in a repository beside its folders, with their sizes. @throws BackupError NOT_FOUND, IO */
export async function keysOf(storage: Storage, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const keys = new Map<string, number>();
  for await (const { key, size } of storage.list("")) {
    signal.throwIfAborted();
    if (!key.endsWith(METADATA_SUFFIX)) keys.set(key, size);
  }
  return keys;
}
