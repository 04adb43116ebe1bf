import type { NotedWork, Storage } from "../../ports/storage.ts";
import { type BackupIdentity, ResumableBackup } from "./resumable-backup.ts";
import { type ResumePorts, resumeBackup, tellOfInterrupted } from "./resume-backup.ts";

interface Place {
  readonly storage: Storage;
  /** Works that are unfinished there. */
  readonly noted: readonly NotedWork[];
}

/**
 * Begins a backup that can be resumed, or takes up the one that is `wanted`, and ends its work when `run` has ended. After a
 * failure the work is kept, which is told.
 * @throws BackupError NOT_FOUND, PRECHECK when there is none that can be taken up
 */
export async function withResumable<T>(
  how: "new" | "resume",
  wanted: BackupIdentity,
  { storage, noted }: Place,
  ports: ResumePorts,
  signal: AbortSignal,
  run: (resumable: ResumableBackup) => Promise<T>,
): Promise<T> {
  const resumable =
    how === "new"
      ? await ResumableBackup.begin(await storage.beginWork(), wanted)
      : await resumeBackup(storage, noted, wanted, ports, signal);
  const { work } = resumable;
  tellOfInterrupted(noted, ports.progress, work.id);
  try {
    return await run(resumable);
  } catch (error) {
    if (resumable.isKept) {
      ports.progress.emit({
        event: "warning",
        message: `what is done of the backup is kept in "${work.location}"`,
        hint: "go on with it (the same command with --resume) as long as its snapshot is held or its standby paused, or remove the folder",
      });
    }
    throw error;
  } finally {
    await work.end();
  }
}
