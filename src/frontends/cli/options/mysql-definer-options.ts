import type { Option } from "./option.ts";

/** For backups and restores of MySQL and MariaDB. */
export const mysqlDefinerOptions = [
  {
    name: "skip-definer",
    family: "mysql",
    type: "flag",
    environment: false,
    conflicts: ["definer"],
    help: "views and stored code name no definer: they belong to whoever loads them",
  },
  {
    name: "definer",
    family: "mysql",
    type: "text",
    placeholder: "USER@HOST",
    environment: false,
    help: "this account is the definer of all views and stored code; a name without @HOST is a role, or the user from any host",
  },
] as const satisfies readonly Option[];

/** For restores of MySQL and MariaDB. */
export const mysqlConvertOptions = [
  {
    name: "convert",
    family: "mysql",
    type: "flag",
    environment: false,
    help: "change definitions that a server of another flavour or version does not take as they are; each change is told",
    details: "--dry-run lists them. With --on-error continue what cannot be changed is left out.",
  },
] as const satisfies readonly Option[];
