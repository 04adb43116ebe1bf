import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { type BenchCase, MEMORY_GOALS_MIB, MEMORY_PER_OBJECT_MIB } from "./bench-case.ts";
import { formatTenths } from "./memory-tenths.ts";
import type { Pair, PairsSummary } from "./pairs.ts";
import { formatTable } from "./statistics.ts";

const root = resolve(import.meta.dirname, "..");

export interface BenchResult extends PairsSummary {
  readonly case: string;
  readonly data: string;
  readonly transport: string;
  /** Program and version. */
  readonly peer: string;
  readonly missed: readonly string[];
  readonly pairs: readonly Pair[];
}

/** The goals that a result misses, for people. */
export function missedGoals(
  { goals }: Pick<BenchCase, "goals">,
  isSocket: boolean,
  objects: number,
  { ratios, peakMiB }: PairsSummary,
): string[] {
  const time = goals.time !== undefined && isSocket ? 1 : goals.time;
  const peak = MEMORY_GOALS_MIB[goals.memory] + objects * MEMORY_PER_OBJECT_MIB;
  const missed: string[] = [];
  if (time !== undefined && ratios.time > time) missed.push(`time <= ${time}`);
  if (goals.size !== undefined && ratios.size !== undefined && ratios.size > goals.size)
    missed.push(`size <= ${goals.size}`);
  if (peakMiB.ours > peak) missed.push(`peak <= ${peak.toFixed(0)} MiB`);
  return missed;
}

const labels = ["case", "data", "transport", "peer", "goals"];
const figures = ["time", "cpu", "server cpu", "size", "peer s", "ours s", "peer MiB", "ours MiB"];

/** Ratios are ours to the peer's. */
export function resultsTable(results: readonly BenchResult[]): string {
  return formatTable([[...labels, ...figures], ...results.map(cells)], labels.length);
}

export function cells(result: BenchResult): string[] {
  const { ratios, seconds, peakMiB, isPeerTimedOut } = result;
  return [
    result.case,
    result.data,
    result.transport,
    result.peer,
    result.missed.length === 0 ? "met" : `missed: ${result.missed.join(", ")}`,
    `${isPeerTimedOut ? "< " : ""}${ratios.time.toFixed(3)}`,
    isPeerTimedOut ? "" : ratios.cpu.toFixed(2),
    isPeerTimedOut ? "" : ratios.serverCpu.toFixed(2),
    ratios.size?.toFixed(3) ?? "",
    `${isPeerTimedOut ? "> " : ""}${seconds.peer.toFixed(2)}`,
    seconds.ours.toFixed(2),
    peakMiB.peer.toFixed(0),
    peakMiB.ours.toFixed(0),
  ];
}

/** Memory over time of the last pairs. */
export function memoryTable(results: readonly BenchResult[]): string {
  const rows = results.flatMap((result) => {
    const last = result.pairs.at(-1)!;
    const row = (who: string, pair: keyof Pair) => [
      result.case,
      result.data,
      result.transport,
      who,
      formatTenths(last[pair].memory),
    ];
    return [row(result.peer, "peer"), row("dbbackup", "ours")];
  });
  return formatTable([["case", "data", "transport", "who", "MiB, min/median/max of each tenth"], ...rows], 5);
}

/** Keeps the results with what they were measured on. */
export async function writeResults(results: object, name = "postgres"): Promise<void> {
  const folder = join(root, "bench", "results");
  const file = join(folder, `${name}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`);
  await mkdir(folder, { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, memory: totalmem(), node: process.version };
  await writeFile(file, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
  say(`written to ${file}`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
