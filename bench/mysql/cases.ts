import type { Goals } from "../bench-case.ts";

/** One thing that is measured, beside the stock program that does the same. */
export interface MysqlCase {
  readonly name: string;
  readonly data: readonly string[];
  /** Options of mariadb-dump or mysqldump. */
  readonly peer: readonly string[];
  /** What the peer's output goes through: `gzip -6`. */
  readonly filter?: string;
  /** Options of `backup single`. */
  readonly ours: readonly string[];
  readonly goals: Goals;
}

const rows = ["events", "measures"];
const peer = ["--single-transaction", "--quick"];

export const mysqlCases: readonly MysqlCase[] = [
  { name: "sql", data: rows, peer, ours: ["--compression", "none"], goals: { time: 0.5, memory: "plain" } },
  {
    name: "sql-gzip",
    data: rows,
    peer,
    filter: "gzip -6",
    ours: ["--compression", "gzip"],
    goals: { memory: "compressed" },
  },
  { name: "sql-zstd", data: rows, peer, ours: ["--compression", "zstd"], goals: { memory: "compressed" } },
  { name: "tables", data: ["tables"], peer, ours: ["--compression", "none"], goals: { time: 0.5, memory: "plain" } },
];
