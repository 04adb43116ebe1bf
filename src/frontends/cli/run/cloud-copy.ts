import type { CopiedBackup } from "../../../commands/transfer/copy-backup.ts";
import { copyWithProofs } from "../../../commands/transfer/copy-with-proofs.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import { formatBytes } from "../amounts.ts";
import { chosenBackups } from "../chosen-backups.ts";
import type { RunCommand } from "../command.ts";
import { errorDocument } from "../describe-error.ts";

type Outcome =
  | { readonly kind: "copied"; readonly backup: string; readonly copied: CopiedBackup }
  | { readonly kind: "failed"; readonly backup: string; readonly error: BackupError };

/** `cloud upload` and `cloud download`: the same thing, told from the user's side. */
export const run: RunCommand = async (invocation, context) => {
  const { services, output, progress, signal } = context;
  const { to: target } = invocation.options;
  if (target === undefined) throw noTarget();
  const to = await services.openStorage(target);
  // A run that was killed behind its last step has left what nobody needs, and its backup is there.
  await to.sweep();
  const outcomes: Outcome[] = [];
  for await (const { name: backup, find } of chosenBackups(invocation, context)) {
    try {
      const copied = await copyWithProofs(await find(), to, services.openStorage, progress, signal);
      outcomes.push({ kind: "copied", backup, copied });
      output.clearProgress();
      output.print(lineOf(copied));
    } catch (error) {
      // The others are wanted all the same.
      if (signal.aborted || !(error instanceof BackupError)) throw error;
      outcomes.push({ kind: "failed", backup, error });
      output.logError(error);
    }
  }
  output.document(outcomes.map(documentOf));
  const failures = outcomes.flatMap((outcome) => (outcome.kind === "failed" ? [outcome.error] : []));
  if (failures.length === 0) return ExitStatus.done;
  return failures.length === outcomes.length ? failures[0]!.exitStatus : ExitStatus.partial;
};

function lineOf({ id, location, wasThere, bytes, resumedBytes }: CopiedBackup): string {
  if (wasThere) return `${id} is there already: ${printable(location)}`;
  const resumed = resumedBytes === 0 ? "" : `, ${formatBytes(resumedBytes)} of them by an earlier run`;
  return `${id} copied and read back: ${printable(location)} (${formatBytes(bytes)}${resumed})`;
}

function documentOf(outcome: Outcome) {
  if (outcome.kind === "failed") {
    return { backup: outcome.backup, status: "failed", error: errorDocument(outcome.error) };
  }
  const { id, location, wasThere, bytes, resumedBytes } = outcome.copied;
  return {
    backup: outcome.backup,
    status: "ok",
    id,
    location,
    was_there: wasThere,
    bytes,
    resumed_bytes: resumedBytes,
  };
}

function noTarget(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "nothing says where to copy to",
    hint: "give --to with a folder or the URL of a repository",
  });
}
