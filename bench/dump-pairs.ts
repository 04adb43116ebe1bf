import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { type MeasuredRun, measuredRun, type RunSpec } from "./measured-run.ts";
import { median } from "./statistics.ts";

const root = resolve(import.meta.dirname, "..");

/** Arguments of pg_dump and of ours for the same thing. */
export interface DumpCase {
  readonly peer: readonly string[];
  readonly ours: readonly string[];
}

export interface Programs {
  readonly pgDump: string;
  /** Our launcher. */
  readonly program: string;
}

export interface DumpRun extends MeasuredRun {
  readonly bytes: number;
}

/** Runs in turn. */
export interface Pairs {
  readonly pairs: readonly { readonly peer: DumpRun; readonly ours: DumpRun }[];
  /** Medians of the pairs' ratios, ours to pg_dump's: below 1 we need less. */
  readonly ratios: { readonly time: number; readonly cpu: number; readonly size: number };
  readonly peakMiB: { readonly peer: number; readonly ours: number };
}

export interface PairOptions {
  readonly count: number;
  readonly programs: Programs;
  /** Options that say where the server is, which both understand. */
  readonly where: readonly string[];
  readonly database: string;
  /** File or folder that does not exist yet. */
  readonly output: string;
}

/** Dumps a database with pg_dump and with ours in turn. */
export async function runPairs(one: DumpCase, options: PairOptions): Promise<Pairs> {
  const { count, programs, where, database, output } = options;
  const peer = { file: programs.pgDump, args: [...where, ...one.peer, "-f", output, database] };
  const flags = ["--output", output, "--progress", "none", "--quiet"];
  const ours = {
    file: process.execPath,
    args: [programs.program, "backup", "single", database, ...where, ...one.ours, ...flags],
  };
  // Once each outside the count: the server's caches, and Node's compile cache.
  await dump(peer, output);
  await dump(ours, output);
  const pairs: { peer: DumpRun; ours: DumpRun }[] = [];
  for (let i = 0; i < count; i++) pairs.push({ peer: await dump(peer, output), ours: await dump(ours, output) });
  const ratio = (of: (run: DumpRun) => number) => median(pairs.map((pair) => of(pair.ours) / of(pair.peer)));
  return {
    pairs,
    ratios: { time: ratio((run) => run.seconds), cpu: ratio((run) => run.cpuSeconds), size: ratio((run) => run.bytes) },
    peakMiB: {
      peer: Math.max(...pairs.map((pair) => pair.peer.peakMiB)),
      ours: Math.max(...pairs.map((pair) => pair.ours.peakMiB)),
    },
  };
}

async function dump(spec: RunSpec, output: string): Promise<DumpRun> {
  // Nothing of the user's own settings (PGOPTIONS, DBBACKUP_COMPRESSION) may change what is measured.
  const names = Object.keys(process.env).filter((name) => /^(PG|DBBACKUP_)/.test(name));
  const env = Object.fromEntries(names.map((name) => [name, undefined]));
  const run = await measuredRun({ ...spec, env });
  const bytes = await sizeOf(output);
  await rm(output, { recursive: true });
  await rm(`${output}.meta.json`, { force: true });
  return { ...run, bytes };
}

async function sizeOf(output: string): Promise<number> {
  const found = await stat(output);
  if (!found.isDirectory()) return found.size;
  const sizes = await Promise.all((await readdir(output)).map((name) => stat(join(output, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** The middle of the times, as `0.52 s`. */
export function medianSeconds({ pairs }: Pairs, of: "peer" | "ours"): string {
  return `${median(pairs.map((pair) => pair[of].seconds)).toFixed(2)} s`;
}

/** Keeps the results with what they were measured on. */
export async function writeResults(bench: string, results: object): Promise<void> {
  const folder = join(root, "bench", "results");
  const file = join(folder, `${bench}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`);
  await mkdir(folder, { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
  await writeFile(file, `${JSON.stringify({ bench, machine, ...results }, null, 2)}\n`);
  say(`written to ${file}`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
