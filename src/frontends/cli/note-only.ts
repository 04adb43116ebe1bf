import type { FoundBackup } from "../../commands/found-backup.ts";
import type { CliContext } from "./cli-context.ts";

/** Notes down of which backup an operation is, if it is one of one backup: `history --database` then finds it. */
export function noteOnly(backups: readonly FoundBackup[], note: CliContext["note"]): void {
  const [only, ...others] = backups;
  if (only?.metadata === undefined || others.length > 0) return;
  note({ database: only.metadata.database, backupId: only.metadata.id });
}
