import { parseArgs } from "node:util";
import { type MysqlFlavour, mysqlFlavours } from "../../tests/helpers/mysql-packages.ts";
import { listed, positive } from "../option-values.ts";
import { type MysqlCase, mysqlCases } from "./cases.ts";
import { type MysqlSizes, mysqlWorkloads } from "./workloads.ts";

export interface MysqlBenchOptions<Case = MysqlCase> {
  readonly flavours: readonly MysqlFlavour[];
  readonly cases: readonly Case[];
  readonly sets: readonly string[];
  readonly sizes: MysqlSizes;
  readonly pairs: number;
  readonly transports: readonly ("tcp" | "socket")[];
  readonly limitSeconds: number;
  readonly failsOnMissedGoals: boolean;
}

const names = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name);

export const usage = usageOf("mysql-dump", "mariadb-dump, mysqldump or mydumper", mysqlCases);

export function usageOf(command: string, peers: string, cases: readonly { readonly name: string }[]): string {
  return `npm run bench -- ${command} [OPTION]...

Makes databases on servers of its own, lets ${peers} and dbbackup do the same in turn, and prints medians of
the pairs' ratios ours / peer. Everything goes to bench/results as JSON too.

  --servers NAME,...      default: mariadb-10.11; known: ${mysqlFlavours.join(", ")}
  --cases NAME,...        default: all of ${names(cases).join(", ")}
  --sets NAME,...         default: all of ${names(mysqlWorkloads).join(", ")}
  --megabytes N           of rows; default: 400
  --tables N              empty tables; default: 10000
  --pairs N               default: 5
  --transports tcp,socket default: tcp
  --time-limit N          seconds after which a peer is ended and said to take longer; default: 300
  --check                 end with 1 when a goal is missed
`;
}

/** Undefined when help is asked for. Throws what is wrong with the options. */
export function readMysqlOptions<Case extends { readonly name: string }>(
  args: readonly string[],
  all: readonly Case[],
): MysqlBenchOptions<Case> | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      servers: { type: "string", default: "mariadb-10.11" },
      cases: { type: "string", default: names(all).join(",") },
      sets: { type: "string", default: names(mysqlWorkloads).join(",") },
      megabytes: { type: "string", default: "400" },
      tables: { type: "string", default: "10000" },
      pairs: { type: "string", default: "5" },
      transports: { type: "string", default: "tcp" },
      "time-limit": { type: "string", default: "300" },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const chosen = listed(values.cases, names(all));
  return {
    flavours: listed(values.servers, mysqlFlavours),
    cases: all.filter(({ name }) => chosen.includes(name)),
    sets: listed(values.sets, names(mysqlWorkloads)),
    sizes: { megabytes: positive(values.megabytes), tables: positive(values.tables) },
    pairs: positive(values.pairs),
    transports: listed(values.transports, ["tcp", "socket"] as const),
    limitSeconds: positive(values["time-limit"]),
    failsOnMissedGoals: values.check,
  };
}
