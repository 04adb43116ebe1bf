import type { Option } from "./option.ts";

/** What of a backup is restored, how, and where to. */
export const restoreOptions = [
  {
    name: "target",
    aliases: ["dbname"],
    short: "d",
    type: "text",
    placeholder: "DB",
    environment: false,
    default: "the database that the backup was made of",
    help: "the database to restore into",
  },
  {
    name: "index",
    family: "postgres",
    short: "I",
    type: "text",
    placeholder: "NAME",
    repeatable: true,
    environment: false,
    help: "only this index (name or schema.name)",
  },
  {
    name: "function",
    family: "postgres",
    short: "P",
    type: "text",
    placeholder: "NAME(ARGS)",
    repeatable: true,
    environment: false,
    help: "only this function, procedure or aggregate, with the types of its arguments as --list shows them",
  },
  {
    name: "trigger",
    family: "postgres",
    short: "T",
    type: "text",
    placeholder: "NAME",
    repeatable: true,
    environment: false,
    help: 'only this trigger: its name, or "table name" as --list shows it',
  },
  {
    name: "only-named",
    family: "postgres",
    type: "flag",
    environment: false,
    help: "--table and --schema mean what pg_restore means: no indexes, constraints, triggers of a table, no CREATE SCHEMA",
  },
  {
    name: "use-list",
    family: "postgres",
    short: "L",
    type: "text",
    placeholder: "FILE",
    environment: false,
    help: "restore what this file names, in its order: the output of --list, edited",
    details: "What stands behind a semicolon is comment, so that a line is taken out by a semicolon before it.",
  },
  {
    name: "on-error",
    type: "choice",
    values: ["stop", "continue"],
    default: "stop",
    environment: false,
    help: "stop at the first error, or go on, count and name them, and end with 3",
  },
  {
    name: "exit-on-error",
    short: "e",
    type: "flag",
    environment: false,
    conflicts: ["on-error"],
    help: "the same as --on-error stop",
  },
  {
    name: "no-data-for-failed-tables",
    family: "postgres",
    type: "flag",
    environment: false,
    help: "with --on-error continue: no rows for tables that could not be created; always so",
  },
  {
    name: "single-transaction",
    family: "postgres",
    short: "1",
    type: "flag",
    environment: false,
    help: "restore everything or nothing, in one transaction",
  },
  {
    name: "resumable",
    family: "postgres",
    isForAllRestores: true,
    type: "flag",
    environment: false,
    conflicts: ["file", "list"],
    help: "keep notes of what is done, so that --resume can go on after an interruption",
    details:
      "A backup must be in format directory, and needs --snapshot, or a standby whose replay is paused: what it has written is " +
      "kept after a failure. The notes of a restore lie in the schema dbbackup_restore_journal of the target (MySQL, MariaDB: in a " +
      "table of that name), and go away at the end; a database that --create made is kept after a failure.",
  },
  {
    name: "resume",
    family: "postgres",
    isForAllRestores: true,
    type: "flag",
    environment: false,
    conflicts: ["file", "list", "dry-run"],
    help: "go on with what was begun with --resumable (compare: --state-file) and interrupted: the same options, this one more",
  },
  {
    name: "list",
    family: "postgres",
    short: "l",
    type: "flag",
    environment: false,
    conflicts: ["dry-run"],
    help: "print the table of contents as pg_restore does, and end; with --verbose all of it, with dependencies",
  },
  {
    name: "transaction-size",
    family: "postgres",
    type: "integer",
    placeholder: "N",
    min: 1,
    max: 2147483647,
    environment: false,
    conflicts: ["single-transaction"],
    help: "commit after every N entries, instead of after each 64 definitions and each other entry",
  },
  {
    name: "use-set-session-authorization",
    family: "postgres",
    type: "flag",
    environment: false,
    conflicts: ["no-owner"],
    help: "become the owner of an object before it is made, instead of giving it away afterwards",
  },
  {
    name: "file",
    family: "postgres",
    short: "f",
    type: "text",
    placeholder: "FILE",
    environment: false,
    conflicts: ["target", "dry-run"],
    help: "write a script for psql, or with --list the list, into this file instead of restoring; - is stdout",
  },
  {
    name: "analyze",
    type: "flag",
    environment: false,
    conflicts: ["file"],
    help: "run ANALYZE at the end, over as many sessions as there are jobs: plans are good at once",
    details:
      "In a database that the restore creates everything is analyzed, else what it restored; after a script everything. " +
      "MySQL, MariaDB: ANALYZE TABLE of every table of the database, one after the other.",
  },
  {
    name: "follow",
    family: "mysql",
    type: "flag",
    environment: false,
    conflicts: ["verify-first", "resume", "resumable", "dry-run", "list", "file", "untrusted"],
    help: "the backup may still be made, on this machine: restore it as it grows",
    details:
      "BACKUP is latest:DB, which is the backup of DB that is being made in the repository if there is one, or the folder " +
      "that --output of a running backup names. One that is not there yet is waited for, 10 seconds; then a finished one is " +
      "restored as without --follow. For backups of MySQL and MariaDB in format directory that are not encrypted, and not " +
      "made with --resumable, into servers of the same flavour and version; all of it, or what --table chooses. Views, stored " +
      "code and foreign keys come at the end. When the backup fails, the restore fails, too.",
  },
  {
    name: "dry-run",
    type: "flag",
    environment: false,
    help: "print the plan and what would be in the way, and end",
  },
  {
    name: "verify-first",
    type: "flag",
    environment: false,
    help: "read and check the whole backup before the target is touched",
  },
  {
    name: "salvage",
    type: "flag",
    environment: false,
    conflicts: ["list", "file", "verify-first", "follow", "untrusted", "resumable", "resume"],
    help: "the backup is damaged: restore the tables that are whole, and end with 3",
    details:
      "All of it is read before the target is touched. Tables whose rows are damaged stay empty; what needs them is left out or " +
      "made otherwise, and told: foreign keys to them are NOT VALID (MySQL and MariaDB: left out), materialized views that read them " +
      "are not populated. Nothing is restored when the table of contents is damaged. For archives of PostgreSQL (custom, directory, " +
      "tar) and backups of MySQL and MariaDB in format directory, where objects whose definitions are damaged are left out, with what needs them; " +
      "read from files, folders and repositories. A backup that is not damaged is restored as without it.",
  },
  {
    name: "confirm",
    type: "flag",
    environment: false,
    help: "the target may hold something already",
  },
  {
    name: "untrusted",
    type: "flag",
    environment: false,
    help: "refuse a backup with code that reaches outside the database or runs with more rights",
  },
  {
    name: "max-plain-size",
    type: "size",
    environment: false,
    default: "what the metadata recorded, else 1000 times the compressed size",
    help: "decompress at most this much of one table, large object or script",
  },
] as const satisfies readonly Option[];
