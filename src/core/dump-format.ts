/** Formats of PostgreSQL's archives, which have a table of contents and can be restored in part. */
export type ArchiveFormat = "custom" | "directory" | "tar";

/** How a logical backup is written: an archive, or a script of SQL. */
export type DumpFormat = ArchiveFormat | "plain";
