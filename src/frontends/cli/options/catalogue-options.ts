import type { Option } from "./option.ts";

/** What is shown of backups and of the history. */
export const catalogueOptions = [
  {
    name: "since",
    type: "text",
    placeholder: "TIME",
    environment: false,
    help: "only what is not older: a time as 2027-01-31 or 2027-01-31T12:00:00Z, or how long ago, as 12h or 7d",
  },
  {
    name: "limit",
    type: "integer",
    min: 1,
    max: 1_000_000,
    environment: false,
    help: "show at most so many",
  },
  {
    name: "before",
    type: "text",
    placeholder: "TIME",
    environment: false,
    help: "only what is not younger; times as those of --since",
  },
  {
    name: "kind",
    aliases: ["backup-type"],
    type: "choice",
    values: ["full", "incremental", "differential", "sample"],
    environment: false,
    help: "only backups of this kind",
  },
  {
    name: "sort",
    type: "choice",
    values: ["time", "size", "duration", "database"],
    default: "time",
    environment: false,
    help: "the oldest, largest, longest or alphabetically first one first",
  },
  {
    name: "reverse",
    type: "flag",
    environment: false,
    help: "the other way round",
  },
  {
    name: "failed",
    type: "flag",
    environment: false,
    help: "only what failed, was done in part, found damage, or did not end",
  },
] as const satisfies readonly Option[];
