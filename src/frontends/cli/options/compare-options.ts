import type { Option } from "./option.ts";

/** How two databases are compared, and how much is told. */
export const compareOptions = [
  {
    name: "hash-on",
    type: "choice",
    values: ["client", "server"],
    default: "client",
    help: "where rows are hashed: here, or on the servers, which only send sums",
    details:
      "Rows that come here cost the servers less than half of the CPU time; over a slow network let the servers hash.",
  },
  {
    name: "schema-sql",
    type: "flag",
    help: "print SQL that makes the schema of B like that of A; what would lose something is commented out",
    details: "The comparison stands in front of it, as comments. With --json it is the member schema_statements.",
  },
  {
    name: "limit-rows",
    type: "integer",
    min: 0,
    max: 10_000,
    default: "5",
    help: "rows to name of each table that differs",
  },
  {
    name: "limit-differences",
    type: "integer",
    min: 0,
    default: "100",
    help: "differences of the schema to tell, and tables that differ; all are counted",
  },
  {
    name: "state-file",
    type: "text",
    placeholder: "FILE",
    environment: false,
    conflicts: ["schema-only"],
    help: "note in this file what was equal, so that --resume can go on after an interruption; removed at the end",
    details:
      "It holds names of tables and some values of keys, is readable by its owner only, and must not exist before.",
  },
  {
    name: "show-values",
    type: "flag",
    help: "show the values that differ, cut when long; keys and names of columns are always shown",
    details:
      "Of rows that one side has, all columns are shown. Off by default: values may be secret, and logs are kept.",
  },
] as const satisfies readonly Option[];
