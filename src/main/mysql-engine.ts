import { BackupError } from "../core/backup-error.ts";
import type { EngineChoice } from "../ports/engine-choice.ts";

/** Stock programs are driven for PostgreSQL only. @throws BackupError USAGE */
export function refuseTools({ name }: EngineChoice): void {
  if (name === "native") return;
  throw new BackupError({
    code: "USAGE",
    message: `"--engine ${name}" is for PostgreSQL: MySQL and MariaDB are backed up and restored natively`,
    hint: "leave out --engine",
  });
}
