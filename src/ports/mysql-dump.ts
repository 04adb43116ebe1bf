import type { MysqlDefiner } from "./mysql-definer.ts";

/** What is done about tables that no snapshot holds (MyISAM, Aria, MEMORY, ...). */
export type NonTransactional =
  /** They are copied first, while the server is locked. */
  | "lock"
  /** They are copied as they are when they are read, and the backup says so. */
  | "warn"
  /** There is no backup. */
  | "fail";

/** Choices of backups of MySQL and MariaDB that PostgreSQL does not have. Named as the options of mysqldump where it has them. */
export interface MysqlDumpOptions {
  readonly nonTransactional: NonTransactional;
  /** No lock that holds others up: the place in the binary log may then not be known. */
  readonly noLock: boolean;
  /** Only these tables, views and sequences, and what belongs to them; empty: all. */
  readonly tables: readonly string[];
  readonly ignoredTables: readonly string[];
  /** Tables whose rows are left out. */
  readonly ignoredData: readonly string[];
  /** A condition that rows of every table must meet. */
  readonly where?: string;
  readonly routines: boolean;
  readonly triggers: boolean;
  readonly events: boolean;
  /** `DROP ... IF EXISTS` before tables, views and code. */
  readonly drops: boolean;
  /** Old versions of rows of system-versioned tables, too. */
  readonly history: boolean;
  /** Histograms of MySQL. */
  readonly columnStatistics: boolean;
  /** Of views and stored code. */
  readonly definer: MysqlDefiner;
  /** Plain bytes of a file with rows, about; the engine's own when absent. */
  readonly chunkSize?: number;
  readonly rows: MysqlRowsShape;
}

/** How rows are written. */
export interface MysqlRowsShape {
  readonly statement: "INSERT" | "INSERT IGNORE" | "REPLACE";
  /** Columns are named although all are there. */
  readonly namesColumns: boolean;
  /** One statement for each row. */
  readonly isSingle: boolean;
  /** JSON values as their text alone, although that loses the types of some scalars. */
  readonly jsonAsText: boolean;
  /** Bytes in hexadecimal digits instead of `_binary '...'`. */
  readonly hexBlob: boolean;
}

export const usualMysqlDump: MysqlDumpOptions = {
  nonTransactional: "lock",
  noLock: false,
  tables: [],
  ignoredTables: [],
  ignoredData: [],
  routines: true,
  triggers: true,
  events: true,
  drops: true,
  history: false,
  columnStatistics: false,
  definer: "keep",
  rows: { statement: "INSERT", namesColumns: false, isSingle: false, hexBlob: false, jsonAsText: false },
};

/** The options of these that leave something out, as they can be given. */
export function partialMysqlOptions(options: MysqlDumpOptions): string[] {
  return [
    ...named("only-table", options.tables),
    ...named("ignore-table", options.ignoredTables),
    ...named("ignore-table-data", options.ignoredData),
    ...(options.where === undefined ? [] : [`--where=${options.where}`]),
    ...(options.routines ? [] : ["--skip-routines"]),
    ...(options.triggers ? [] : ["--skip-triggers"]),
    ...(options.events ? [] : ["--skip-events"]),
    ...definerOption(options.definer),
  ];
}

function definerOption(definer: MysqlDefiner): string[] {
  if (definer === "keep") return [];
  if (definer === "loader") return ["--skip-definer"];
  return [`--definer=${definer.user}${definer.host === undefined ? "" : `@${definer.host}`}`];
}

function named(flag: string, names: readonly string[]): string[] {
  return names.map((name) => `--${flag}=${name}`);
}
