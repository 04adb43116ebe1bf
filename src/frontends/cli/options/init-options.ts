import type { Option } from "./option.ts";

/** Answers to what the first run asks. */
export const initOptions = [
  {
    name: "yes",
    type: "flag",
    environment: false,
    help: "take the default answer to every question",
  },
  {
    name: "no-input",
    type: "flag",
    environment: false,
    conflicts: ["yes"],
    help: "ask nothing: fail where several answers would do, and none was given",
  },
  {
    name: "no-encrypt",
    type: "flag",
    environment: false,
    conflicts: ["key-file"],
    help: "do not encrypt the backup",
  },
  {
    name: "write-config",
    type: "text",
    placeholder: "FILE",
    environment: false,
    default: "./dbbackup.toml",
    help: "write the configuration into this file, which must not be there",
  },
  {
    name: "no-proof",
    type: "flag",
    environment: false,
    help: "do not restore the backup for proof",
  },
] as const satisfies readonly Option[];
