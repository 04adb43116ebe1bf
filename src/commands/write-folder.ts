import type { Compression } from "../core/compression.ts";
import { ENCRYPTED_SUFFIX } from "../core/encrypted-file.ts";
import type { ArtifactTotals, OpenArtifactStages } from "../ports/artifact-stages.ts";
import type { BackupFiles } from "../ports/backup-files.ts";
import type { ByteSink } from "../ports/byte-sink.ts";
import type { DumpedFile, DumpResult, FolderOutput } from "../ports/dump.ts";
import type { EncryptedSink } from "../ports/encryption.ts";
import type { PendingFolder } from "../ports/storage.ts";
import type { WrittenArtifact } from "./backup-metadata.ts";
import type { ResumableBackup } from "./resumable/resumable-backup.ts";

export interface WrittenFolder {
  readonly dump: DumpResult;
  /** By their names in the folder. */
  readonly files: readonly WrittenArtifact[];
}

export interface FolderStages {
  readonly openStages: OpenArtifactStages;
  readonly encrypt?: ((target: ByteSink, name: string) => Promise<EncryptedSink>) | undefined;
  readonly resumable?: ResumableBackup | undefined;
  /** Told of each file that is written, also of a dump that fails. */
  readonly onWritten?: (file: WrittenArtifact) => void;
  /** What is told first to whoever reads along; missing: nobody is told anything. */
  readonly announcement?: string | undefined;
}

/** The engine compresses inside. */
const uncompressed: Compression = { method: "none", level: 0 };

/**
 * Has a dump written into a folder, each file through stages of its own.
 * @param encrypt puts an encrypted file into its target, as the one of that name; files get `.enc` behind their names
 * @param resumable when notes are to say what is done
 */
export async function writeFolder(
  folder: Pick<PendingFolder, "create" | "localPath" | "adopt" | "announce">,
  { openStages, encrypt, resumable, onWritten, announcement }: FolderStages,
  dump: (output: FolderOutput) => Promise<DumpResult>,
): Promise<WrittenFolder> {
  const files: WrittenArtifact[] = [...(resumable?.kept ?? [])];
  const createFile = async (plainName: string): Promise<DumpedFile> => {
    const name = encrypt === undefined ? plainName : plainName + ENCRYPTED_SUFFIX;
    const file = await folder.create(name);
    const stages = openStages(file, uncompressed, encrypt && ((target) => encrypt(target, plainName)));
    return {
      write: (bytes) => stages.write(bytes),
      end: async (contents) => {
        const artifact = { name, ...(await stages.end()) };
        files.push(artifact);
        await file.end(resumable?.noteOf(artifact, contents));
        onWritten?.(artifact);
        return { bytes: artifact.plainSize, sha256: artifact.plainSha256 };
      },
    };
  };
  const adopt = async (): Promise<BackupFiles> => {
    const adopted = await folder.adopt!();
    for (const name of adopted.sizes.keys()) files.push({ name, ...(await totalsOf(name, adopted, openStages)) });
    return adopted;
  };
  const progress = resumable?.progress;
  // Programs that write files themselves write what can be read.
  const localPath = encrypt === undefined ? folder.localPath : undefined;
  let isAnnounced = false;
  const announce = (line: string): void => {
    if (!isAnnounced) folder.announce!(announcement!);
    isAnnounced = true;
    folder.announce!(line);
  };
  const output = {
    kind: "folder",
    createFile,
    ...(announcement === undefined || folder.announce === undefined ? {} : { announce }),
    ...(localPath === undefined ? {} : { localPath, adopt }),
    ...(progress === undefined ? {} : { progress }),
  } as const;
  return { dump: await dump(output), files };
}

/** What is read at once of a file that somebody else wrote. */
const pieceBytes = 1024 * 1024;

async function totalsOf(name: string, files: BackupFiles, openStages: OpenArtifactStages): Promise<ArtifactTotals> {
  const stages = openStages({ write: async () => {} }, uncompressed);
  const file = await files.open(name);
  try {
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (let at = 0; at < file.size; ) {
      const count = await file.readAt(at, piece);
      if (count === 0) break;
      await stages.write(piece.subarray(0, count));
      at += count;
    }
    return await stages.end();
  } finally {
    await file.close();
  }
}
