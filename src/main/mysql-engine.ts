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

export function mysqlIsNotBuilt(what: string): never {
  throw new BackupError({
    code: "UNSUPPORTED_SERVER",
    message: `${what} of MySQL and MariaDB are not built yet`,
    hint: "use the stock programs of the server",
  });
}
