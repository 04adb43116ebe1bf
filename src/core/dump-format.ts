/** Formats of PostgreSQL's archives, which have a table of contents and can be restored in part. */
export type ArchiveFormat = "custom" | "directory" | "tar";

/** Scripts of SQL, front to back: `plain` for psql, `sql` for the clients of MySQL and MariaDB. */
export type ScriptFormat = "plain" | "sql";

/** How a logical backup is written: an archive, or a script of SQL. */
export type DumpFormat = ArchiveFormat | ScriptFormat;

/** Whether a backup is one script, which a stage behind the engine compresses as a whole. */
export function isScriptFormat(format: string): format is ScriptFormat {
  return format === "plain" || format === "sql";
}
