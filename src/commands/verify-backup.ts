import { BackupError } from "../core/backup-error.ts";
import type { ArtifactMetadata, BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type { BackupChecker, CheckedBackup } from "../ports/backup-checker.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProgressSink } from "../ports/progress.ts";
import type { RestoreEngine } from "../ports/restore.ts";
import type { OpenedObject } from "../ports/storage.ts";
import { compareObjects, inOwnDatabase } from "./compare-objects.ts";
import type { FoundArtifact, FoundBackup } from "./found-backup.ts";
import { HashedObject } from "./hashed-object.ts";
import { plainLimit } from "./plain-limit.ts";
import { HashedRead } from "./read-object.ts";
import { ReadProgress } from "./read-progress.ts";
import { type SurveyedBackup, surveyBackup } from "./survey-backup.ts";
import { type Damage, damageCodes, type VerifiedBytes, verifyFolder } from "./verify-folder.ts";
import { verifyQuickly } from "./verify-quickly.ts";

export interface VerifiedBackup {
  readonly location: string;
  readonly metadata?: BackupMetadata;
  readonly storedBytes: number;
  /** What decoding found, as far as it came. */
  readonly contents?: CheckedBackup;
  /** Of a cluster: how many of its databases were decoded whole. */
  readonly databases?: number;
  /** Empty: the backup is whole. */
  readonly damage: readonly Damage[];
  /** Of a damaged one that was read: where, and what of it is whole. Missing where the format does not let anybody know. */
  readonly survey?: SurveyedBackup;
  /** What could not be checked, and why. */
  readonly notes: readonly string[];
  readonly durationSeconds: number;
}

export interface VerifyPorts {
  readonly checker: BackupChecker;
  readonly clock: Clock;
  readonly progress: ProgressSink;
  /** What opens backups for a restore: to be given for a quick look, which reads no more than that. */
  readonly quick?: RestoreEngine;
}

export interface VerifyOptions {
  /** Plain bytes that one table or large object may give at most, instead of what the metadata recorded. */
  readonly maxPlainBytes?: number;
}

/**
 * Checks the stored bytes of a backup against its metadata, then that everything in it can be decoded, with as many rows
 * and the checksums that were recorded. Each byte is read once (an archive's table of contents twice). Without metadata
 * what decodes is whole as far as anybody can tell, and a note says so. With `ports.quick` it is looked at as {@link verifyQuickly} does.
 * @throws BackupError for what is no damage: IO, UNSUPPORTED_FORMAT, INTERRUPTED.
 */
export async function verifyBackup(
  backup: FoundBackup,
  ports: VerifyPorts,
  signal: AbortSignal,
  options: VerifyOptions = {},
): Promise<VerifiedBackup> {
  const began = ports.clock.monotonic();
  const { metadata, location } = backup;
  const progress = new ReadProgress(ports.progress, "verify", `verifying ${location}`, metadata?.size_bytes);
  const damage: Damage[] = [];
  const notes: string[] = [...(backup.notes ?? [])];
  const maxPlainBytes = plainLimit(metadata, options.maxPlainBytes);
  const limit = maxPlainBytes === undefined ? {} : { maxPlainBytes };
  let storedBytes = 0;
  let contents: CheckedBackup | undefined;
  if (ports.quick !== undefined) {
    const { storedBytes: bytes, damage: found } = await verifyQuickly(backup, ports.quick, limit, signal);
    storedBytes = bytes;
    damage.push(...found);
  } else if (metadata === undefined) {
    notes.push("there is no metadata beside it: only structure and decoding were checked");
  }
  const read = ports.quick === undefined ? verifiedBytes(backup, ports.checker, progress, limit, signal) : [];
  for await (const checked of read) {
    storedBytes += checked.size;
    damage.push(...checked.damage);
    notes.push(...checked.notes);
    contents ??= metadata === undefined ? checked.contents : placed(checked.contents, metadata);
  }
  if (metadata !== undefined && contents !== undefined) damage.push(...compareObjects(metadata, contents));
  damage.push(...openingDamage(backup));
  const isSurveyed = ports.quick === undefined && damage.length > 0;
  const survey = isSurveyed ? await surveyBackup(backup, damage, { ...ports, ...limit }, signal) : undefined;
  progress.end();
  const durationSeconds = (ports.clock.monotonic() - began) / 1000;
  return {
    location,
    ...(metadata === undefined ? {} : { metadata }),
    storedBytes,
    ...(contents === undefined ? {} : { contents }),
    damage,
    ...(survey === undefined ? {} : { survey }),
    notes,
    durationSeconds,
  };
}

/** What could be read all the same. */
export function openingDamage({ openingDamage: found = [], location }: FoundBackup): Damage[] {
  return found.map(({ object = location, message }) => ({ object, message }));
}

function placed(contents: CheckedBackup | undefined, metadata: BackupMetadata): CheckedBackup | undefined {
  return contents === undefined ? undefined : inOwnDatabase(contents, metadata);
}

/** A folder is checked as a whole, other backups artifact by artifact. */
async function* verifiedBytes(
  backup: FoundBackup,
  checker: BackupChecker,
  progress: ReadProgress,
  limit: { readonly maxPlainBytes?: number },
  signal: AbortSignal,
): AsyncGenerator<VerifiedBytes> {
  const { folder, artifacts, metadata } = backup;
  if (folder !== undefined) {
    yield await verifyFolder(backup, folder, checker, progress, limit, signal);
    return;
  }
  for (const [index, artifact] of artifacts.entries()) {
    yield await verifyArtifact(artifact, metadata?.artifacts[index], checker, progress, limit, signal);
  }
}

/** Checks one stored object: its bytes against what was recorded, and that they can be decoded. */
export async function verifyArtifact(
  artifact: FoundArtifact,
  expected: ArtifactMetadata | undefined,
  checker: BackupChecker,
  progress: ReadProgress,
  limit: { readonly maxPlainBytes?: number },
  signal: AbortSignal,
): Promise<VerifiedBytes> {
  const { name } = artifact;
  const damage: Damage[] = [];
  const notes: string[] = [];
  const object = await artifact.open().catch((error: unknown) => {
    if (!(error instanceof BackupError) || error.code !== "NOT_FOUND") throw error;
    damage.push({ object: name, message: "the file is missing" });
  });
  if (object === undefined) return { size: 0, damage, notes };
  try {
    const read = bytesToCheck(artifact, object, (count) => progress.add(count), signal);
    const plainSize = expected?.plain_size === undefined ? {} : { plainSize: expected.plain_size };
    const contents = await read
      .check((plain, stream) => checker.check({ kind: "file", object: plain, stream, ...plainSize, ...limit }, signal))
      .catch((error: unknown) => {
        if (!(error instanceof BackupError) || !damageCodes.has(error.code)) throw error;
        damage.push({ object: error.object ?? name, message: error.message });
      });
    const sha256 = await read.finish();
    if (expected !== undefined) damage.unshift(...compareStored(expected, object.size, sha256));
    if (expected !== undefined && expected.sha256 === undefined) notes.push(`the metadata has no hash of "${name}"`);
    return { size: object.size, damage, notes, ...(contents === undefined ? {} : { contents }) };
  } finally {
    await object.close();
  }
}

/** The bytes of an object that are checked, and the SHA-256 of those that are stored. */
interface BytesToCheck {
  check<T>(check: (plain: OpenedObject, stream: () => AsyncIterable<Buffer>) => Promise<T>): Promise<T>;
  /** In hexadecimal; reads what nobody has read. */
  finish(): Promise<string>;
}

function bytesToCheck(
  { name, decrypt }: FoundArtifact,
  stored: OpenedObject,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): BytesToCheck {
  if (decrypt === undefined) {
    const read = new HashedRead(stored, onBytes, signal);
    return { check: (check) => check(stored, () => read.pieces()), finish: () => read.finish() };
  }
  const hashed = new HashedObject(stored);
  return {
    check: async (check) => {
      try {
        const plain = await decrypt(hashed);
        return await check(plain, () => new HashedRead(plain, onBytes, signal).pieces());
      } catch (error) {
        throw error instanceof BackupError ? error.on(name) : error;
      }
    },
    finish: () => hashed.finish(),
  };
}

function compareStored(expected: ArtifactMetadata, size: number, sha256: string): Damage[] {
  const { name } = expected;
  if (size !== expected.size) return [{ object: name, message: `it has ${size} bytes instead of ${expected.size}` }];
  if (expected.sha256 === undefined || expected.sha256 === sha256) return [];
  return [{ object: name, message: `its bytes have the SHA-256 ${sha256} instead of ${expected.sha256}` }];
}
