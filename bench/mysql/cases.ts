import type { Goals } from "../bench-case.ts";

/** One thing that is measured, beside a program that does the same. */
export interface MysqlCase {
  readonly name: string;
  readonly data: readonly string[];
  /** Debian's mydumper 0.10 instead of mariadb-dump or mysqldump. */
  readonly besideMydumper?: boolean;
  /** Options of the peer. */
  readonly peer: readonly string[];
  /** What the peer's output goes through: `gzip -6`. */
  readonly filter?: string;
  /** Options of `backup single`, with the format. */
  readonly ours: readonly string[];
  readonly goals: Goals;
}

const rows = ["events", "measures"];
const peer = ["--single-transaction", "--quick"];
const directory = ["--format", "directory", "--jobs", "2", "--compression"];

export const mysqlCases: readonly MysqlCase[] = [
  {
    name: "sql",
    data: rows,
    peer,
    ours: ["--format", "sql", "--compression", "none"],
    goals: { time: 0.5, memory: "plain" },
  },
  {
    name: "sql-jobs",
    data: rows,
    peer,
    ours: ["--format", "sql", "--jobs", "2", "--compression", "none"],
    goals: { time: 0.4, memory: "plain" },
  },
  {
    name: "sql-gzip",
    data: rows,
    peer,
    filter: "gzip -6",
    ours: ["--format", "sql", "--compression", "gzip"],
    goals: { memory: "compressed" },
  },
  {
    name: "sql-zstd",
    data: rows,
    peer,
    ours: ["--format", "sql", "--compression", "zstd"],
    goals: { memory: "compressed" },
  },
  {
    name: "directory",
    data: rows,
    besideMydumper: true,
    peer: ["--threads=2"],
    ours: [...directory, "none"],
    goals: { time: 0.9, memory: "plain" },
  },
  // Told to, it cuts tables as we do.
  {
    name: "directory-rows",
    data: rows,
    besideMydumper: true,
    peer: ["--threads=2", "--rows=200000"],
    ours: [...directory, "none"],
    goals: { memory: "plain" },
  },
  {
    name: "directory-zstd",
    data: rows,
    besideMydumper: true,
    peer: ["--threads=2", "--compress"],
    ours: [...directory, "zstd"],
    goals: { time: 0.4, size: 1, memory: "compressed" },
  },
  {
    name: "tables",
    data: ["tables"],
    peer,
    ours: ["--format", "sql", "--compression", "none"],
    goals: { time: 0.5, memory: "plain" },
  },
  {
    name: "directory-tables",
    data: ["small"],
    besideMydumper: true,
    peer: ["--threads=2", "--compress"],
    ours: [...directory, "zstd"],
    goals: { memory: "compressed" },
  },
];
