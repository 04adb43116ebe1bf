import type { Compression } from "../core/compression.ts";
import type { OpenArtifactStages } from "../ports/artifact-stages.ts";
import type { DumpedFile, DumpResult, FolderOutput } from "../ports/dump.ts";
import type { PendingFolder } from "../ports/storage.ts";
import type { WrittenArtifact } from "./backup-metadata.ts";
import type { ResumableBackup } from "./resumable/resumable-backup.ts";

export interface WrittenFolder {
  readonly dump: DumpResult;
  /** By their names in the folder. */
  readonly files: readonly WrittenArtifact[];
}

/** The engine compresses inside. */
const uncompressed: Compression = { method: "none", level: 0 };

/**
 * Has a dump written into a folder, each file through stages of its own.
 * @param resumable when notes are to say what is done
 */
export async function writeFolder(
  folder: PendingFolder,
  openStages: OpenArtifactStages,
  resumable: ResumableBackup | undefined,
  dump: (output: FolderOutput) => Promise<DumpResult>,
): Promise<WrittenFolder> {
  const files: WrittenArtifact[] = [...(resumable?.kept ?? [])];
  const createFile = async (name: string): Promise<DumpedFile> => {
    const file = await folder.create(name);
    const stages = openStages(file, uncompressed);
    return {
      write: (bytes) => stages.write(bytes),
      end: async (contents) => {
        const artifact = { name, ...(await stages.end()) };
        files.push(artifact);
        await file.end(resumable?.noteOf(artifact, contents));
      },
    };
  };
  const progress = resumable?.progress;
  const output = { kind: "folder", createFile, ...(progress === undefined ? {} : { progress }) } as const;
  return { dump: await dump(output), files };
}
