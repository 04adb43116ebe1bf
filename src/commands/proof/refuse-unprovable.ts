import { BackupError } from "../../core/backup-error.ts";
import { shownFamily } from "../../core/database-type.ts";
import type { BackupSummary } from "../../ports/restore.ts";
import type { FoundBackup } from "../found-backup.ts";
import type { ProofServer } from "./proof-server.ts";

const withoutDefinitions: ReadonlySet<string> = new Set([
  "--data-only",
  "--no-schema",
  "--statistics-only",
  "--section=data",
  "--section=post-data",
]);

/** @throws BackupError PRECHECK for a backup that cannot be restored by itself */
export function refusePartWithoutDefinitions({ metadata, location }: FoundBackup): void {
  const option = metadata?.partial?.find((one) => withoutDefinitions.has(one));
  const hasAll = metadata?.partial?.includes("--section=pre-data") === true;
  if (option === undefined || hasAll) return;
  throw new BackupError({
    code: "PRECHECK",
    message: `the backup holds no definitions: it was made with ${option}`,
    object: location,
    hint: "it can be checked without --restore, and restored into a database that has its tables",
  });
}

/** Servers to try backups on are PostgreSQL's. @throws BackupError PRECHECK */
export function refuseOtherFamily({ family = "postgres" }: BackupSummary, { location }: FoundBackup): void {
  if (family === "postgres") return;
  throw new BackupError({
    code: "PRECHECK",
    message: `a backup of ${shownFamily[family]} cannot be verified by a restore`,
    object: location,
    hint: "verify it without --restore, or restore it into a scratch database and compare that with its source",
  });
}

/** A script may make its database itself: only a server of ours can have it. @throws BackupError PRECHECK */
export function refuseOwnName(database: string, { location }: FoundBackup, { isOurs }: ProofServer): void {
  const isTaken = ["postgres", "template0", "template1"].includes(database);
  if (isOurs && !isTaken) return;
  throw new BackupError({
    code: "PRECHECK",
    message: isTaken
      ? `the script goes on in database "${database}", which every server has`
      : `the script makes database "${database}" itself, which is no scratch database`,
    object: location,
    hint: isTaken
      ? "verify it without --restore, or make the backup in another format"
      : "verify it without --server: then a server is started that holds nothing else",
  });
}
