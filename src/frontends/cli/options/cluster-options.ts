import type { Option } from "./option.ts";

/** What of a whole server is backed up or restored. */
export const clusterOptions = [
  {
    name: "database",
    type: "text",
    placeholder: "PATTERN",
    repeatable: true,
    environment: false,
    help: "only databases that match; patterns as psql has them, capitals in double quotes; of MySQL and MariaDB * and ?, capitals as they are; verify: backups of databases with these names; history: * and ?",
  },
  {
    name: "exclude-database",
    type: "text",
    placeholder: "PATTERN",
    repeatable: true,
    environment: false,
    help: "leave out databases that match",
  },
  {
    name: "globals-only",
    short: "g",
    type: "flag",
    environment: false,
    conflicts: ["database", "exclude-database"],
    help: "roles, tablespaces and their settings (MySQL, MariaDB: accounts), and no databases",
  },
  {
    name: "roles-only",
    short: "r",
    type: "flag",
    environment: false,
    conflicts: ["database", "exclude-database", "globals-only", "tablespaces-only"],
    help: "roles with their memberships and settings, and nothing else",
  },
  {
    name: "tablespaces-only",
    family: "postgres",
    short: "t",
    type: "flag",
    environment: false,
    conflicts: ["database", "exclude-database", "globals-only", "roles-only"],
    help: "tablespaces, and nothing else",
  },
  {
    name: "tablespace-map",
    family: "postgres",
    type: "text",
    placeholder: "OLD=NEW",
    repeatable: true,
    environment: false,
    help: "make the tablespace OLD (its name, or the folder that it had) in the folder NEW",
    details: "A = in OLD is written as \\=. Folders are those of the server, absolute and empty.",
  },
  {
    name: "no-role-passwords",
    type: "flag",
    environment: false,
    help: "leave out the hashes of the roles' passwords",
  },
] as const satisfies readonly Option[];
