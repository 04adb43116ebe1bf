import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stagePackage } from "../scripts/stage-package.ts";
import { stock } from "../tests/helpers/stock-tools.ts";
import { startBenchServer } from "./bench-server.ts";
import { startDelayingRelay } from "./delaying-relay.ts";
import { type DumpCase, medianSeconds, type Pairs, runPairs, say, writeResults } from "./dump-pairs.ts";
import { makeTables } from "./make-tables.ts";
import { formatTable } from "./statistics.ts";

interface Case extends DumpCase {
  readonly name: string;
  readonly goals: { readonly near?: number; readonly far?: number };
}

const cases: readonly Case[] = [
  { name: "schema only", peer: ["-s"], ours: ["-s", "--format", "plain"], goals: { near: 0.7, far: 0.2 } },
  { name: "plain", peer: ["-Fp"], ours: ["--format", "plain"], goals: {} },
  { name: "custom", peer: ["-Fc"], ours: ["--format", "custom"], goals: {} },
  { name: "directory", peer: ["-Fd"], ours: ["--format", "directory"], goals: {} },
];

/** What is measured over a slow network unless asked for: with data, pg_dump waits for each of the tables, for minutes. */
const farCases = cases.slice(0, 1);

interface Result extends Pairs {
  readonly network: string;
  readonly case: string;
  readonly missed: readonly string[];
}

const usage = `npm run bench -- postgres-schema [--tables 10000] [--pairs 5] [--cases NAME,...] [--far-cases NAME,...] [--round-trip-ms 20] [--check]

Makes a database of many empty tables with keys, indexes, defaults, sequences, foreign keys and comments, dumps it with
pg_dump 18 and with dbbackup in turn, on this machine and through a relay that delays every byte, and prints medians of
the ratios ours / pg_dump. Cases: ${cases.map((one) => one.name).join("; ")}. With --check a missed goal ends with 1.
`;

/** Ours against stock pg_dump where the catalogues are what takes time. Resolves to the exit status. */
export async function benchPostgresSchema(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tables: { type: "string", default: "10000" },
      pairs: { type: "string", default: "5" },
      cases: { type: "string", default: cases.map((one) => one.name).join(";") },
      "far-cases": { type: "string", default: farCases.map((one) => one.name).join(";") },
      "round-trip-ms": { type: "string", default: "20" },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [tables, count, roundTripMs] = [values.tables, values.pairs, values["round-trip-ms"]].map(Number);
  const results: Result[] = [];
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-bench-"));
  try {
    await stagePackage(join(folder, "program"));
    const programs = {
      pgDump: await stock(18).path("pg_dump"),
      program: join(folder, "program", "bin", "dbbackup.cjs"),
    };
    await using server = await startBenchServer();
    say(`making ${tables} tables`);
    await makeTables(server, database, tables!);
    const run = async (one: Case, port: number, network: string, goal: number | undefined): Promise<void> => {
      const where = ["-h", "127.0.0.1", "-p", `${port}`, "-U", "postgres"];
      const pairs = await runPairs(one, { count: count!, programs, where, database, output: join(folder, "dump") });
      const missed = goal !== undefined && pairs.ratios.time > goal ? [`time <= ${goal}`] : [];
      results.push({ ...pairs, network, case: one.name, missed });
      say(cells(results.at(-1)!).join("  "));
    };
    for (const one of named(values.cases)) await run(one, server.port, "loopback", one.goals.near);
    await using relay = await startDelayingRelay(server.port, roundTripMs! / 2);
    for (const one of named(values["far-cases"])) await run(one, relay.port, `${roundTripMs} ms`, one.goals.far);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(formatTable([headings, ...results.map(cells)]));
  await writeResults("postgres-schema", { tables, pairs: count, results });
  return values.check && results.some((result) => result.missed.length > 0) ? 1 : 0;
}

const database = "many";

function named(names: string): Case[] {
  return names
    .split(";")
    .filter(Boolean)
    .map((name) => {
      const found = cases.find((one) => one.name === name);
      if (found === undefined) throw new Error(`"${name}" is none of ${cases.map((one) => one.name).join("; ")}`);
      return found;
    });
}

const headings = ["network", "case", "goals", "time", "cpu", "pg_dump", "ours", "peak MiB", "pg_dump's"];

function cells(result: Result): string[] {
  return [
    result.network,
    result.case,
    result.missed.length === 0 ? "met" : `missed: ${result.missed.join(", ")}`,
    result.ratios.time.toFixed(3),
    result.ratios.cpu.toFixed(3),
    medianSeconds(result, "peer"),
    medianSeconds(result, "ours"),
    result.peakMiB.ours.toFixed(0),
    result.peakMiB.peer.toFixed(0),
  ];
}
