import { parseArgs } from "node:util";
import { type StockMajor, stockMajors } from "../tests/helpers/stock-tools.ts";
import type { BenchCase } from "./bench-case.ts";
import { benchCases } from "./cases.ts";
import { listed, oneOf, positive } from "./option-values.ts";
import { rowWorkloads, type Sizes } from "./workloads.ts";

export type Transport = "tcp" | "socket";
export type WalLevel = "minimal" | "replica";

export interface BenchOptions {
  readonly cases: readonly BenchCase[];
  /** Workloads of the cases on rows of any kind. */
  readonly sets: readonly string[];
  readonly sizes: Sizes;
  readonly pairs: number;
  /** Undefined: each case's own. */
  readonly peers: readonly StockMajor[] | undefined;
  readonly transports: readonly Transport[];
  readonly roundTripMs: number;
  /** Of the server that restores go to. With "minimal" what one session both makes and loads stays out of the log. */
  readonly walLevel: WalLevel;
  readonly limitSeconds: number;
  readonly showsMemory: boolean;
  readonly failsOnMissedGoals: boolean;
}

const transports: readonly Transport[] = ["tcp", "socket"];
const walLevels: readonly WalLevel[] = ["minimal", "replica"];
const withGoals = benchCases.filter((one) => one.goals.time !== undefined);

/** What is often measured together; options say otherwise. */
const presets = {
  "postgres-dump": { cases: "plain,custom,custom-gzip-6", sets: "all", transports: "tcp,socket" },
  "postgres-restore": {
    cases: benchCases
      .filter(({ work }) => work.kind === "restore")
      .map(({ name }) => name)
      .join(","),
  },
} as const;

const presetLines = Object.entries(presets).map(([name, values]) => {
  const options = Object.entries(values).map(([option, value]) => `--${option} ${value}`);
  return `  ${name}: ${options.join(" ")}`;
});

export const usage = `npm run bench -- [PRESET] [OPTION]...
npm run bench -- mysql-dump [OPTION]...
npm run bench -- storage [OPTION]...
npm run bench -- scanner

Makes databases on a server of its own, lets pg_dump or pg_restore and dbbackup do the same in turn, and prints medians of
the pairs' ratios ours / peer. Everything goes to bench/results as JSON too.

  --cases goals|all|NAME,...  what is measured; default: goals, those that have a goal of time
  --sets NAME,...|all         the rows of the cases of formats and compressions; default: ${rowWorkloads[0]}
  --megabytes N               of rows, as text; default: 400
  --tables N                  small tables; default: 10000
  --large-objects N           default: 100000
  --pairs N                   default: 5
  --peers 15,17,18            the peer's majors, each on a server of its own major; default: 18, large-objects 17
  --transports tcp,socket     default: tcp
  --round-trip-ms N           of the network of the cases named -far; default: 20
  --wal-level minimal|replica of the server; default: replica, as servers come
  --time-limit N              seconds after which a peer is ended and said to take longer; default: 300
  --memory                    print memory over time too
  --check                     end with 1 when a goal is missed

Presets
${presetLines.join("\n")}

Cases (* has a goal of time): ${benchCases.map((one) => `${one.name}${withGoals.includes(one) ? "*" : ""}`).join(", ")}
Sets: ${rowWorkloads.join(", ")}

"npm run bench -- mysql-dump --help" tells of MySQL and MariaDB. The scanner bench measures what taking rows out of messages costs, without a server.
`;

/** Undefined when help is asked for. Throws what is wrong with the options. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const [first = ""] = args;
  const preset = Object.entries(presets).find(([name]) => name === first)?.[1];
  const preferred = { cases: "goals", sets: rowWorkloads[0]!, transports: "tcp", ...preset };
  const { values } = parseArgs({
    args: preset === undefined ? [...args] : args.slice(1),
    options: {
      cases: { type: "string", default: preferred.cases },
      sets: { type: "string", default: preferred.sets },
      megabytes: { type: "string", default: "400" },
      tables: { type: "string", default: "10000" },
      "large-objects": { type: "string", default: "100000" },
      pairs: { type: "string", default: "5" },
      peers: { type: "string" },
      transports: { type: "string", default: preferred.transports },
      "round-trip-ms": { type: "string", default: "20" },
      "wal-level": { type: "string", default: "replica" },
      "time-limit": { type: "string", default: "300" },
      memory: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    cases: chooseCases(values.cases),
    sets: values.sets === "all" ? rowWorkloads : listed(values.sets, rowWorkloads),
    sizes: {
      megabytes: positive(values.megabytes),
      tables: positive(values.tables),
      largeObjects: positive(values["large-objects"]),
    },
    pairs: positive(values.pairs),
    peers: values.peers === undefined ? undefined : listed(values.peers, stockMajors),
    transports: listed(values.transports, transports),
    roundTripMs: positive(values["round-trip-ms"]),
    walLevel: oneOf(values["wal-level"], walLevels),
    limitSeconds: positive(values["time-limit"]),
    showsMemory: values.memory,
    failsOnMissedGoals: values.check,
  };
}

function chooseCases(names: string): readonly BenchCase[] {
  if (names === "goals") return withGoals;
  if (names === "all") return benchCases;
  const chosen = listed(
    names,
    benchCases.map((one) => one.name),
  );
  return benchCases.filter((one) => chosen.includes(one.name));
}
