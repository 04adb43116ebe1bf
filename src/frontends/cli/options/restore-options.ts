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
    name: "on-error",
    type: "choice",
    values: ["stop", "continue"],
    default: "stop",
    environment: false,
    help: "stop at the first error, or go on, count and name them, and end with 3",
  },
  {
    name: "single-transaction",
    short: "1",
    type: "flag",
    environment: false,
    help: "restore everything or nothing, in one transaction",
  },
  {
    name: "list",
    short: "l",
    type: "flag",
    environment: false,
    conflicts: ["dry-run"],
    help: "print the table of contents as pg_restore does, and end",
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
