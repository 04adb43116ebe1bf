import { BackupError } from "../../../core/backup-error.ts";

/** @throws BackupError USAGE: an option of ours that stock programs have nothing like */
export function refuseForTools(option: string, why: string): never {
  throw new BackupError({
    code: "USAGE",
    message: `"${option}" does not go with --engine tools: ${why}`,
    hint: `leave out ${option}, or use --engine native`,
  });
}
