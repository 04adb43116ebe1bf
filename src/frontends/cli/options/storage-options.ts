import type { Option } from "./option.ts";

/** Where backups are moved to. */
export const storageOptions = [
  {
    name: "to",
    type: "text",
    placeholder: "DIR|URL",
    environment: false,
    help: "the repository that backups are copied to: a folder, s3://BUCKET/PREFIX, ...",
  },
  {
    name: "abandon-unfinished",
    type: "flag",
    environment: false,
    help: "also remove copies and backups that were interrupted and could go on",
  },
] as const satisfies readonly Option[];
