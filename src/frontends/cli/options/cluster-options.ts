import type { Option } from "./option.ts";

/** What of a whole server is backed up or restored. */
export const clusterOptions = [
  {
    name: "database",
    type: "text",
    placeholder: "PATTERN",
    repeatable: true,
    environment: false,
    help: "only databases that match; patterns as psql has them, capitals in double quotes",
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
    help: "roles, tablespaces and their settings, and no databases",
  },
  {
    name: "no-role-passwords",
    type: "flag",
    environment: false,
    help: "leave out the hashes of the roles' passwords",
  },
] as const satisfies readonly Option[];
