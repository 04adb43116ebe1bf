import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { stagePackage } from "../scripts/stage-package.ts";
import { stock } from "../tests/helpers/stock-tools.ts";
import { makeDatabase, startBenchServer } from "./bench-server.ts";
import { dataSets, moreDataSets } from "./data-sets.ts";
import { type MeasuredRun, measuredRun, type RunSpec } from "./measured-run.ts";
import { formatTable, median } from "./statistics.ts";

const root = resolve(import.meta.dirname, "..");

interface Case {
  readonly name: string;
  /** Arguments of pg_dump and of ours for the same thing. */
  readonly peer: readonly string[];
  readonly ours: readonly string[];
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

interface Run extends MeasuredRun {
  readonly bytes: number;
}

interface Result {
  readonly set: string;
  readonly transport: string;
  readonly case: string;
  readonly pairs: readonly { readonly peer: Run; readonly ours: Run }[];
  /** Medians of the pairs' ratios, ours to pg_dump's: below 1 we need less. */
  readonly ratios: { readonly time: number; readonly cpu: number; readonly size: number };
  readonly peakMiB: { readonly peer: number; readonly ours: number };
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
          const result = await runPairs(one, pairs, { pgDump, program }, where, set.name, join(folder, "dump"));
          results.push({ ...result, transport, missed: missedGoals(one, set.name, result) });
          say(summary(results.at(-1)!));
        }
      }
      await server.sql(`drop database "${set.name}"`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await report(results, megabytes, pairs);
  return values.check && results.some((result) => result.missed.length > 0) ? 1 : 0;
}

function named<T extends { readonly name: string }>(list: readonly T[], name: string): T {
  const found = list.find((one) => one.name === name);
  if (found === undefined) throw new Error(`"${name}" is none of ${list.map((one) => one.name).join(", ")}`);
  return found;
}

async function runPairs(
  one: Case,
  count: number,
  programs: { readonly pgDump: string; readonly program: string },
  where: readonly string[],
  database: string,
  output: string,
): Promise<Omit<Result, "transport" | "missed">> {
  const peer = { file: programs.pgDump, args: [...where, ...one.peer, "-f", output, database] };
  const flags = ["--output", output, "--progress", "none", "--quiet"];
  const ours = {
    file: process.execPath,
    args: [programs.program, "backup", "single", database, ...where, ...one.ours, ...flags],
  };
  // Once each outside the count: the server's caches, and Node's compile cache.
  await dump(peer, output);
  await dump(ours, output);
  const pairs: { peer: Run; ours: Run }[] = [];
  for (let i = 0; i < count; i++) pairs.push({ peer: await dump(peer, output), ours: await dump(ours, output) });
  const ratio = (of: (run: Run) => number) => median(pairs.map((pair) => of(pair.ours) / of(pair.peer)));
  return {
    set: database,
    case: one.name,
    pairs,
    ratios: { time: ratio((run) => run.seconds), cpu: ratio((run) => run.cpuSeconds), size: ratio((run) => run.bytes) },
    peakMiB: {
      peer: Math.max(...pairs.map((pair) => pair.peer.peakMiB)),
      ours: Math.max(...pairs.map((pair) => pair.ours.peakMiB)),
    },
  };
}

async function dump(spec: RunSpec, output: string): Promise<Run> {
  // Nothing of the user's own settings (PGOPTIONS, DBBACKUP_COMPRESSION) may change what is measured.
  const names = Object.keys(process.env).filter((name) => /^(PG|DBBACKUP_)/.test(name));
  const env = Object.fromEntries(names.map((name) => [name, undefined]));
  const run = await measuredRun({ ...spec, env });
  const { size } = await stat(output);
  await rm(output);
  await rm(`${output}.meta.json`, { force: true });
  return { ...run, bytes: size };
}

function missedGoals({ name, goals }: Case, set: string, result: Omit<Result, "transport" | "missed">): string[] {
  const largest = name === "custom" && noLarger.has(set) ? 1 : goals.size;
  const missed: string[] = [];
  if (goals.time !== undefined && result.ratios.time > goals.time) missed.push(`time <= ${goals.time}`);
  if (result.ratios.size > largest) missed.push(`size <= ${largest}`);
  if (result.peakMiB.ours > goals.peakMiB) missed.push(`peak <= ${goals.peakMiB} MiB`);
  return missed;
}

const headings = ["data", "transport", "case", "time", "cpu", "size", "pg_dump", "ours", "peak MiB", "goals"];

function cells(result: Result): string[] {
  const seconds = (of: "peer" | "ours") => `${median(result.pairs.map((pair) => pair[of].seconds)).toFixed(2)} s`;
  return [
    result.set,
    result.transport,
    result.case,
    ...[result.ratios.time, result.ratios.cpu, result.ratios.size].map((ratio) => ratio.toFixed(3)),
    seconds("peer"),
    seconds("ours"),
    result.peakMiB.ours.toFixed(0),
    result.missed.length === 0 ? "met" : `missed: ${result.missed.join(", ")}`,
  ];
}

function summary(result: Result): string {
  return cells(result).join("  ");
}

async function report(results: readonly Result[], megabytes: number, pairs: number): Promise<void> {
  process.stdout.write(formatTable([headings, ...results.map(cells)]));
  const folder = join(root, "bench", "results");
  const file = join(folder, `postgres-dump-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`);
  await mkdir(folder, { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
  await writeFile(file, `${JSON.stringify({ bench: "postgres-dump", megabytes, pairs, machine, results }, null, 2)}\n`);
  say(`written to ${file}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
