import { BackupError } from "../core/backup-error.ts";
import type { OpenOutput } from "../ports/backup-output.ts";
import type { ProgressSink } from "../ports/progress.ts";
import type { BackupSummary, RestorableBackup, RestorePlan, RestoreRequest, ScriptResult } from "../ports/restore.ts";
import { writeOutput } from "./write-output.ts";

export interface ScriptJob {
  readonly backup: RestorableBackup;
  readonly restore: RestoreRequest;
  /** A path, or `-` for standard output, which is the default. */
  readonly file?: string;
  readonly restrictKey?: string;
}

export interface WrittenScript {
  readonly summary: BackupSummary;
  readonly plan: RestorePlan;
  readonly findings: readonly never[];
  readonly script: ScriptResult;
}

/**
 * Writes a backup as a script for psql.
 * @param changedBytes what of the backup is not as its metadata recorded it; asked before a file gets its name
 * @throws BackupError DAMAGED, EXISTS, USAGE
 */
export async function writeScript(
  { backup, restore, file = "-", restrictKey }: ScriptJob,
  ports: { readonly openOutput: OpenOutput; readonly progress: ProgressSink },
  signal: AbortSignal,
  changedBytes: () => Promise<readonly string[]> = async () => [],
): Promise<WrittenScript> {
  const plan = backup.plan(restore);
  const request = restrictKey === undefined ? restore : { ...restore, restrictKey };
  const script = await writeOutput(await ports.openOutput(file, "file"), async (sink) => {
    const written = await backup.writeScript(request, { sink, progress: ports.progress, signal });
    refuseChanged(await changedBytes());
    return written;
  });
  return { summary: backup.summary, plan, findings: [], script };
}

function refuseChanged(changed: readonly string[]): void {
  if (changed.length === 0) return;
  throw new BackupError({
    code: "DAMAGED",
    message: "the backup is not what was written, and what came out of it must not be used",
    details: changed,
    hint: "make the script from another copy",
  });
}
