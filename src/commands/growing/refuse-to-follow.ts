import { BackupError } from "../../core/backup-error.ts";
import type { FoundBackup } from "../found-backup.ts";
import type { RestoreSingleRequest } from "../restore-single.ts";

const whichCan = "only backups of MySQL and MariaDB in format directory that are not encrypted can be followed";

/** @throws BackupError USAGE for what does not go together with a backup that is still being made */
export function refuseToFollow({ backup, mode, verifyFirst, restore }: RestoreSingleRequest): void {
  const others: readonly (readonly [what: string, isAsked: boolean])[] = [
    ["standard input", backup === "-"],
    ["--list", mode === "list"],
    ["--dry-run", mode === "dry-run"],
    ["--file", mode === "script"],
    ["--verify-first", verifyFirst],
    ["--resumable", restore.journal === "new"],
    ["--resume", restore.journal === "resume"],
  ];
  const found = others.find(([, isAsked]) => isAsked);
  if (found === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `--follow and ${found[0]} exclude each other`,
    hint: "leave out one of them",
  });
}

/** A finished backup is restored as without --follow, when it is one that could have been followed. @throws BackupError USAGE */
export function requireFollowable({ metadata, location }: FoundBackup): void {
  if (metadata === undefined) return;
  const { format, database_type: type, sealed, encrypted } = metadata;
  const isOfFamily = type === "mysql" || type === "mariadb";
  if (format === "directory" && isOfFamily && sealed === undefined && encrypted !== true) return;
  throw new BackupError({ code: "USAGE", message: whichCan, object: location, hint: "leave out --follow" });
}

/** Of an engine that only reads what is finished. */
export function cannotFollow(): BackupError {
  return new BackupError({ code: "USAGE", message: whichCan, hint: "leave out --follow" });
}
