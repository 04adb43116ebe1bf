import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stagePackage } from "../scripts/stage-package.ts";
import { stock } from "../tests/helpers/stock-tools.ts";
import { makeDatabase, startBenchServer } from "./bench-server.ts";
import { dataSets, moreDataSets } from "./data-sets.ts";
import { type DumpCase, medianSeconds, type Pairs, runPairs, say, writeResults } from "./dump-pairs.ts";
import { formatTable } from "./statistics.ts";

interface Case extends DumpCase {
  readonly name: string;
  readonly goals: { readonly time?: number; readonly size: number; readonly peakMiB: number };
}

const cases: readonly Case[] = [
  { name: "custom", peer: ["-Fc"], ours: ["--format", "custom"], goals: { time: 0.4, size: 1.15, peakMiB: 192 } },
  {
    name: "custom gzip:6",
    peer: ["-Fc"],
    ours: ["--format", "custom", "--compression", "gzip:6"],
    goals: { size: 1.01, peakMiB: 192 },
  },
  { name: "custom, 1 job", peer: ["-Fc"], ours: ["--jobs", "1"], goals: { size: 1.15, peakMiB: 192 } },
  {
    name: "plain",
    peer: ["-Fp"],
    ours: ["--format", "plain", "--jobs", "1"],
    goals: { time: 1, size: 1.01, peakMiB: 96 },
  },
];

/** Sets on which the default compression must not be larger at all. */
const noLarger = new Set(["hashes-json"]);

interface Result extends Pairs {
  readonly set: string;
  readonly transport: string;
  readonly case: string;
  readonly missed: readonly string[];
}

const usage = `npm run bench -- postgres-dump [--size-mb 400] [--pairs 5] [--sets NAME,...] [--cases NAME,...] [--transports tcp,unix] [--check]

Makes databases of ${dataSets.map((set) => set.name).join(", ")}, dumps each with pg_dump 18 and with dbbackup in turn, and
prints medians of the ratios ours / pg_dump. More data: ${moreDataSets.map((set) => set.name).join(", ")}. Cases: ${cases.map((one) => one.name).join(", ")}. With --check a missed goal ends with 1.
`;

/** Ours against stock pg_dump, checksums on; scripts with one connection each. Resolves to the exit status. */
export async function benchPostgresDump(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "size-mb": { type: "string", default: "400" },
      pairs: { type: "string", default: "5" },
      sets: { type: "string", default: dataSets.map((set) => set.name).join(",") },
      cases: { type: "string", default: cases.map((one) => one.name).join(",") },
      transports: { type: "string", default: "tcp,unix" },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const megabytes = Number(values["size-mb"]);
  const pairs = Number(values.pairs);
  const sets = values.sets.split(",").map((name) => named([...dataSets, ...moreDataSets], name));
  const wantedCases = values.cases.split(",").map((name) => named(cases, name));
  const results: Result[] = [];

  const pgDump = await stock(18).path("pg_dump");
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-bench-"));
  try {
    // What users run, one bundled file, and not a checkout, which takes 0.15 s and 10 MiB more to load its sources.
    await stagePackage(join(folder, "program"));
    const program = join(folder, "program", "bin", "dbbackup.cjs");
    await using server = await startBenchServer();
    for (const set of sets) {
      say(`${set.name}: making ${megabytes} MB of rows`);
      await makeDatabase(server, set, megabytes);
      for (const transport of values.transports.split(",")) {
        const host = transport === "unix" ? server.socketDirectory : "127.0.0.1";
        const where = ["-h", host, "-p", `${server.port}`, "-U", "postgres"];
        for (const one of wantedCases) {
          const output = join(folder, "dump");
          const programs = { pgDump, program };
          const result = await runPairs(one, { count: pairs, programs, where, database: set.name, output });
          const missed = missedGoals(one, set.name, result);
          results.push({ ...result, set: set.name, transport, case: one.name, missed });
          say(summary(results.at(-1)!));
        }
      }
      await server.sql(`drop database "${set.name}"`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(formatTable([headings, ...results.map(cells)]));
  await writeResults("postgres-dump", { megabytes, pairs, results });
  return values.check && results.some((result) => result.missed.length > 0) ? 1 : 0;
}

function named<T extends { readonly name: string }>(list: readonly T[], name: string): T {
  const found = list.find((one) => one.name === name);
  if (found === undefined) throw new Error(`"${name}" is none of ${list.map((one) => one.name).join(", ")}`);
  return found;
}

function missedGoals({ name, goals }: Case, set: string, result: Pairs): string[] {
  const largest = name === "custom" && noLarger.has(set) ? 1 : goals.size;
  const missed: string[] = [];
  if (goals.time !== undefined && result.ratios.time > goals.time) missed.push(`time <= ${goals.time}`);
  if (result.ratios.size > largest) missed.push(`size <= ${largest}`);
  if (result.peakMiB.ours > goals.peakMiB) missed.push(`peak <= ${goals.peakMiB} MiB`);
  return missed;
}

const headings = ["data", "transport", "case", "time", "cpu", "size", "pg_dump", "ours", "peak MiB", "goals"];

function cells(result: Result): string[] {
  return [
    result.set,
    result.transport,
    result.case,
    ...[result.ratios.time, result.ratios.cpu, result.ratios.size].map((ratio) => ratio.toFixed(3)),
    medianSeconds(result, "peer"),
    medianSeconds(result, "ours"),
    result.peakMiB.ours.toFixed(0),
    result.missed.length === 0 ? "met" : `missed: ${result.missed.join(", ")}`,
  ];
}

function summary(result: Result): string {
  return cells(result).join("  ");
}
