import type { Goals } from "../bench-case.ts";

/** A backup that is loaded, beside another program that loads its own of the same rows. */
export interface MysqlRestoreCase {
  readonly name: string;
  readonly data: readonly string[];
  /** The stock client reads the stock dump. */
  readonly peer: "client";
  /** Options of `backup single`. */
  readonly backup: readonly string[];
  /** Options of `restore single`. */
  readonly ours: readonly string[];
  readonly goals: Goals;
}

const rows = ["events", "measures", "keyed"];
const directory = ["--format", "directory", "--jobs", "2", "--compression"];

export const mysqlRestoreCases: readonly MysqlRestoreCase[] = [
  {
    name: "directory",
    data: rows,
    peer: "client",
    backup: [...directory, "none"],
    ours: ["--jobs", "2"],
    goals: { time: 0.55, memory: "plain" },
  },
  {
    name: "directory-zstd",
    data: rows,
    peer: "client",
    backup: [...directory, "zstd"],
    ours: ["--jobs", "2"],
    goals: { time: 0.55, memory: "compressed" },
  },
  {
    name: "sql",
    data: rows,
    peer: "client",
    backup: ["--format", "sql", "--compression", "none"],
    ours: [],
    goals: { memory: "plain" },
  },
];
