/** What is done about tables that no snapshot holds (MyISAM, Aria, MEMORY, ...). */
export type NonTransactional =
  /** They are copied first, while the server is locked. */
  | "lock"
  /** They are copied as they are when they are read, and the backup says so. */
  | "warn"
  /** There is no backup. */
  | "fail";

/** Choices of backups of MySQL and MariaDB that PostgreSQL does not have. */
export interface MysqlDumpOptions {
  readonly nonTransactional: NonTransactional;
  /** No lock that holds others up: the place in the binary log may then not be known. */
  readonly noLock: boolean;
}

export const usualMysqlDump: MysqlDumpOptions = { nonTransactional: "lock", noLock: false };
