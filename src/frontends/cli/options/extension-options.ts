import type { Option } from "./option.ts";

/** What needs the word of somebody who knows. */
export const extensionOptions = [
  {
    name: "allow-extension",
    family: "postgres",
    type: "text",
    placeholder: "NAME",
    repeatable: true,
    environment: false,
    help: "go on although this extension (timescaledb, citus) needs more than a backup holds",
  },
] as const satisfies readonly Option[];
