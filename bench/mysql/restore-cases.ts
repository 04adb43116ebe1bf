import type { Goals } from "../bench-case.ts";

/** A backup that is loaded, beside another program that loads its own of the same rows. */
export interface MysqlRestoreCase {
  readonly name: string;
  readonly data: readonly string[];
  /** The stock client reads the stock dump; Debian's myloader 0.10 loads a folder of mydumper with two threads. */
  readonly peer: "client" | "myloader";
  /** We load what the peer loads, not a backup of ours. */
  readonly loadsPeers?: true;
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
    name: "directory-myloader",
    data: rows,
    peer: "myloader",
    backup: [...directory, "none"],
    ours: ["--jobs", "2"],
    goals: { time: 0.9, memory: "plain" },
  },
  {
    name: "mydumper-folder",
    data: rows,
    peer: "myloader",
    loadsPeers: true,
    backup: [...directory, "none"],
    ours: ["--jobs", "2"],
    // Two scripts are read at a time, each with its statements in memory.
    goals: { memory: "compressed" },
  },
  {
    name: "sql",
    data: rows,
    peer: "client",
    backup: ["--format", "sql", "--compression", "none"],
    ours: [],
    goals: { memory: "plain" },
  },
  {
    name: "tables-myloader",
    data: ["small"],
    peer: "myloader",
    backup: [...directory, "none"],
    ours: ["--jobs", "2"],
    goals: { memory: "plain" },
  },
];
