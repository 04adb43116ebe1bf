import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";

/** Options that folders of mydumper cannot honour. @throws BackupError USAGE */
export function refuseForMydumper({
  clean,
  create,
  onError,
  journal,
  convert,
  definer = "keep",
}: RestoreRequest): void {
  const flags = [
    [clean && !create, "--clean without --create"],
    [convert === true, "--convert"],
    [onError === "continue", "--on-error continue"],
    [journal === "new", "--resumable"],
    [journal === "resume", "--resume"],
    [definer === "loader", "--skip-definer"],
    [typeof definer === "object", "--definer"],
  ] as const;
  const found = flags.find(([isGiven]) => isGiven);
  if (found === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `${found[1]} cannot be honoured: the folder is one of mydumper`,
    hint: "leave it out",
  });
}
