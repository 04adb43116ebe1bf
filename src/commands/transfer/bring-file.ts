import { createHash } from "node:crypto";
import { BackupError } from "../../core/backup-error.ts";
import type { ArtifactMetadata } from "../../core/metadata/metadata-schema.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import type { Transfer, TransferredFile } from "../../ports/transfer.ts";
import type { FoundArtifact } from "../found-backup.ts";
import type { ReadProgress } from "../read-progress.ts";

const PIECE_BYTES = 1024 * 1024;

export interface BroughtFile {
  readonly key: string;
  readonly size: number;
  /** Of the bytes as they were read here. */
  readonly sha256: string;
  /** Bytes that an interrupted run had brought. */
  readonly position: number;
}

/**
 * Brings a file of a backup to where a transfer goes, or the rest of it, and checks that its bytes are those of the metadata.
 * @throws BackupError DAMAGED, EXISTS, IO
 */
export async function bringFile(
  artifact: FoundArtifact,
  recorded: ArtifactMetadata,
  transfer: Transfer,
  progress: ReadProgress,
  signal: AbortSignal,
): Promise<BroughtFile> {
  const file = await transfer.open(recorded.name);
  const { position, resumed } = file;
  const source = await openSource().catch(async (error: unknown) => {
    await resumed?.close();
    throw error;
  });
  const hash = createHash("sha256");
  try {
    let read = 0;
    // What is there already is hashed from there, where it can be read: from far away nothing comes twice.
    if (resumed !== undefined) {
      try {
        for (; read < position; ) read += await take(resumed, read, Math.min(PIECE_BYTES, position - read));
      } finally {
        await resumed.close();
      }
    }
    while (read < recorded.size) {
      const count = Math.min(PIECE_BYTES, read < position ? position - read : recorded.size - read);
      read += await take(source, read, count, read < position ? undefined : file);
    }
    const sha256 = hash.digest("hex");
    if (recorded.sha256 !== undefined && sha256 !== recorded.sha256) {
      // What lay at the target may have been torn by the crash that interrupted it: the source is not to be blamed for that.
      if (resumed !== undefined) throw cannotGoOn(recorded);
      throw changed(recorded, `its bytes have the SHA-256 ${sha256} instead of ${recorded.sha256}`);
    }
    await file.end();
    return { key: recorded.name, size: recorded.size, sha256, position };
  } finally {
    await source.close();
  }

  async function openSource(): Promise<OpenedObject> {
    if (position > recorded.size) throw changed(recorded, `${position} bytes are there, which is more than it has`);
    const opened = await artifact.open();
    if (opened.size === recorded.size) return opened;
    await opened.close();
    throw changed(recorded, `it has ${opened.size} bytes instead of ${recorded.size}`);
  }

  async function take(
    from: Pick<typeof source, "readAt">,
    at: number,
    wanted: number,
    target?: TransferredFile,
  ): Promise<number> {
    signal.throwIfAborted();
    const piece = Buffer.allocUnsafe(wanted);
    const count = await from.readAt(at, piece);
    if (count === 0) throw changed(recorded, `it ends after ${at} of ${recorded.size} bytes`);
    const bytes = piece.subarray(0, count);
    hash.update(bytes);
    await target?.write(bytes);
    progress.add(count);
    return count;
  }
}

function cannotGoOn({ name }: ArtifactMetadata): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message:
      "what an earlier run had copied and the rest are not the bytes that the metadata recorded; the copy was removed",
    object: name,
    hint: "copy it again, from the beginning; if it stays so, verify the backup",
  });
}

function changed({ name }: ArtifactMetadata, reason: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the stored bytes are not those that the metadata recorded: ${reason}; nothing of it was copied`,
    object: name,
    hint: "verify the backup, and use another copy of it",
  });
}
