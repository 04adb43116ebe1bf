import { isDeepStrictEqual } from "node:util";
import { BackupError } from "../../core/backup-error.ts";
import {
  EARLIER_INFO_SUFFIX,
  METADATA_SUFFIX,
  REMOVAL_SUFFIX,
  VERIFICATION_SUFFIX,
  WORK_PREFIX,
} from "../../core/backup-name.ts";
import { eachOf } from "../../core/each-of.ts";
import { withoutSuffix } from "../../core/encrypted-file.ts";
import type { ArtifactMetadata, BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { readMetadata } from "../../core/metadata/read-metadata.ts";
import type { ProgressSink } from "../../ports/progress.ts";
import type { OpenedObject, Storage } from "../../ports/storage.ts";
import type { Transfer } from "../../ports/transfer.ts";
import type { StoredFile } from "../encryption/key-files.ts";
import { type FoundArtifact, type FoundBackup, folderOf } from "../found-backup.ts";
import { HashedRead } from "../read-object.ts";
import { ReadProgress } from "../read-progress.ts";
import { finishRemovals } from "../removal/remove-backup.ts";
import { type BroughtFile, bringFile } from "./bring-file.ts";
import { copyKeyFiles } from "./copy-key-files.ts";
import { formatCopyRecord } from "./copy-record.ts";
import { transferId } from "./transfer-id.ts";

/** Files that are copied beside each other: far away each waits for its own answers. */
const FILES_AT_ONCE = 4;

export interface CopiedBackup {
  readonly id: string;
  /** Where it lies now. */
  readonly location: string;
  /** It was there already, from an earlier copy. */
  readonly wasThere: boolean;
  /** As stored; without the metadata. */
  readonly bytes: number;
  /** Of them those that an interrupted run had brought. */
  readonly resumedBytes: number;
}

function earliersBackup(object: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "an earlier version of dbbackup wrote the backup, which has no metadata that could prove a copy of it",
    object,
    hint: "copy it by hand, with the files beside it that begin with its name",
  });
}

/** A backup with metadata, and what of it is to be copied where. */
interface Copying {
  readonly metadata: BackupMetadata;
  readonly metadataKey: string;
  readonly metadataBytes: Buffer;
  readonly folder: string | undefined;
  readonly files: readonly CopiedFile[];
}

interface CopiedFile {
  readonly artifact: FoundArtifact;
  readonly recorded: ArtifactMetadata;
}

/**
 * Copies a finished backup into a repository as it is, under its own names: nothing is decrypted or made anew, its id stays. All that
 * arrived is read back and compared before the metadata make it a backup there. An interrupted copy goes on when it is called
 * again.
 * @param found as it is stored
 * @throws BackupError USAGE for a file without metadata, DAMAGED when the stored bytes are not those of the metadata (nothing
 * stays then), EXISTS when another backup has its name there, PRECHECK when another run copies it, IO
 */
export async function copyBackup(
  found: FoundBackup,
  to: Storage,
  progress: ProgressSink,
  signal: AbortSignal,
): Promise<CopiedBackup> {
  if (found.metadataFile?.location.endsWith(EARLIER_INFO_SUFFIX) === true) throw earliersBackup(found.location);
  const copying = await prepare(found);
  const { metadata, metadataKey, folder } = copying;
  const location = `${to.location}/${metadataKey.slice(0, -METADATA_SUFFIX.length)}`;
  const bytes = metadata.artifacts.reduce((sum, { size }) => sum + size, 0);
  if (await isThere(copying, to)) {
    await copyKeyFiles(storedFiles(found, copying), to);
    return { id: metadata.id, location, wasThere: true, bytes, resumedBytes: 0 };
  }
  const stem = metadataKey.slice(0, -METADATA_SUFFIX.length);
  // It was removed here before, not to its end: that would take what comes now.
  if ((await to.stat(stem + REMOVAL_SUFFIX).catch(notYet)) !== undefined) await finishRemovals(to);
  await to.sweep();
  const id = transferId(metadata.id);
  const note = formatCopyRecord({ id, database: metadata.database });
  const transfer = await to.beginTransfer({ id, note, folder, seal: metadataKey });
  let resumedBytes: number;
  try {
    // Another run may have ended since it was looked for.
    if (await isThere(copying, to)) {
      await transfer.discard();
      return { id: metadata.id, location, wasThere: true, bytes, resumedBytes: 0 };
    }
    const copied = new ReadProgress(progress, "copy", `copying ${stem}`, bytes);
    const brought = await bringAll(copying, transfer, copied, signal);
    await transfer.publish();
    const reading = new ReadProgress(progress, "read-back", "reading back what arrived", bytes);
    await readBack(brought, to, reading, signal);
    await transfer.seal(metadataKey, copying.metadataBytes);
    resumedBytes = brought.reduce((sum, { position }) => sum + position, 0);
  } catch (error) {
    // What is wrong with the bytes does not become right by going on.
    if (error instanceof BackupError && error.code === "DAMAGED") await transfer.discard();
    throw error;
  } finally {
    await transfer.end();
  }
  await copyKeyFiles(storedFiles(found, copying), to);
  return { id: metadata.id, location, wasThere: false, bytes, resumedBytes };
}

async function prepare(found: FoundBackup): Promise<Copying> {
  const { metadata, location } = found;
  if (metadata === undefined || found.openMetadata === undefined) throw withoutMetadata(location);
  const folder = folderOf(metadata, location);
  const files = metadata.artifacts.map((recorded, index) => {
    if (folder === undefined && recorded.name.includes("/")) throw oddName(recorded.name, location);
    if (hasMeaning(recorded.name)) throw reservedName(recorded.name, location);
    return { artifact: found.artifacts[index]!, recorded };
  });
  const name = folder ?? withoutSuffix(metadata.artifacts[0]!.name);
  const metadataBytes = await bytesOf(await found.openMetadata());
  // Of a service far away nothing else says that these are the bytes that were stored.
  if (!isDeepStrictEqual(readMetadata(metadataBytes.toString("utf8"), location), metadata))
    throw changedMetadata(location);
  return { metadata, metadataKey: `${name}${METADATA_SUFFIX}`, metadataBytes, folder, files };
}

/**
 * Whether a file would be something else in a repository than one of this backup: a work in progress, metadata of another, or a list of
 * what is to be removed. No backup of ours has such files; a stranger's metadata may name them.
 */
function hasMeaning(name: string): boolean {
  if (name.startsWith(WORK_PREFIX)) return true;
  return (
    !name.includes("/") && [METADATA_SUFFIX, REMOVAL_SUFFIX, VERIFICATION_SUFFIX].some((end) => name.endsWith(end))
  );
}

async function bytesOf(object: OpenedObject): Promise<Buffer> {
  try {
    const bytes = Buffer.alloc(object.size);
    return bytes.subarray(0, await object.readAt(0, bytes));
  } finally {
    await object.close();
  }
}

/** Whether an earlier copy of the same backup is there. @throws BackupError EXISTS when it is another one */
async function isThere({ metadataKey, metadataBytes }: Copying, to: Storage): Promise<boolean> {
  if ((await to.stat(metadataKey).catch(notYet)) === undefined) return false;
  if ((await bytesOf(await to.open(metadataKey))).equals(metadataBytes)) return true;
  throw new BackupError({
    code: "EXISTS",
    message: "another backup has this name there, and nothing is ever overwritten",
    object: `${to.location}/${metadataKey}`,
    hint: "see with list and show what it is; choose another repository",
  });
}

/** A folder that is made with the first backup is not there before. */
function notYet(error: unknown): undefined {
  if (error instanceof BackupError && error.code === "NOT_FOUND") return undefined;
  throw error;
}

async function bringAll(
  { files }: Copying,
  transfer: Transfer,
  progress: ReadProgress,
  signal: AbortSignal,
): Promise<readonly BroughtFile[]> {
  const brought: BroughtFile[] = [];
  // The largest first: the last to end is not one that began last.
  await eachOf(
    files.toSorted((a, b) => b.recorded.size - a.recorded.size),
    FILES_AT_ONCE,
    async ({ artifact, recorded }) => {
      brought.push(await bringFile(artifact, recorded, transfer, progress, signal));
    },
  );
  progress.end();
  return brought;
}

async function readBack(
  files: readonly BroughtFile[],
  to: Storage,
  progress: ReadProgress,
  signal: AbortSignal,
): Promise<void> {
  await eachOf(files, FILES_AT_ONCE, async ({ key, size, sha256 }) => {
    const object = await to.open(key);
    try {
      const read = new HashedRead(object, (count) => progress.add(count), signal);
      if (object.size === size && (await read.finish()) === sha256) return;
      throw new BackupError({
        code: "DAMAGED",
        message: "what arrived is not what was sent; the copy was removed",
        object: `${to.location}/${key}`,
        hint: "copy it again; if it stays so, something between here and there changes bytes",
      });
    } finally {
      await object.close();
    }
  });
  progress.end();
}

/** What key files may lie beside, and the key that it has in the copy. */
function* storedFiles(
  { metadataFile }: FoundBackup,
  { metadataKey, files }: Copying,
): Generator<readonly [string, StoredFile]> {
  if (metadataFile !== undefined) yield [metadataKey, metadataFile];
  for (const { artifact, recorded } of files) if (artifact.file !== undefined) yield [recorded.name, artifact.file];
}

function withoutMetadata(object: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "it is a file without metadata, and no backup of a repository",
    object,
    hint: "only backups that dbbackup made are copied: their metadata says what belongs to them",
  });
}

function oddName(name: string, object: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the metadata names a file in a folder, "${name}", of a backup that is none`,
    object,
    hint: "restore the metadata from a copy of the repository",
  });
}

function reservedName(name: string, object: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the metadata names a file "${name}", which would mean something else in a repository; nothing of it was copied`,
    object,
    hint: "no backup has such a file: find out who wrote this metadata",
  });
}

function changedMetadata(object: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: "the metadata are not what they were when they were read before; nothing of it was copied",
    object,
    hint: "copy it again; if it stays so, something between here and there changes bytes",
  });
}
