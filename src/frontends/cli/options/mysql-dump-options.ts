import type { Option } from "./option.ts";

/** Choices of backups of MySQL and MariaDB that PostgreSQL does not have. */
export const mysqlDumpOptions = [
  {
    name: "non-transactional",
    family: "mysql",
    type: "choice",
    values: ["lock", "warn", "fail"],
    default: "lock",
    config: "backup.non_transactional",
    help: "tables that no snapshot holds (MyISAM, Aria, MEMORY): copy them while the server is locked, copy them as they are and say so, or make no backup",
  },
  {
    name: "no-lock",
    family: "mysql",
    type: "flag",
    config: "backup.no_lock",
    help: "no lock that holds others up; the backup says what could not be proved",
  },
] as const satisfies readonly Option[];
