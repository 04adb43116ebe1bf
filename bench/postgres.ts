import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stagePackage } from "../scripts/stage-package.ts";
import type { PostgresServer } from "../tests/helpers/postgres-server.ts";
import { type StockMajor, stock, stockMajors } from "../tests/helpers/stock-tools.ts";
import type { BenchCase } from "./bench-case.ts";
import { makeDatabase, startBenchServer } from "./bench-server.ts";
import { BENCH_KEY } from "./cases.ts";
import { startDelayingRelay } from "./delaying-relay.ts";
import { type BenchOptions, readOptions, type Transport, usage } from "./options.ts";
import { runPairs, summarize } from "./pairs.ts";
import { type BenchResult, cells, memoryTable, missedGoals, resultsTable, say, writeResults } from "./report.ts";
import { type BenchPlace, sidesOf } from "./sides.ts";
import { type Workload, workloads } from "./workloads.ts";

const DEFAULT_MAJORS: readonly StockMajor[] = [18];

/** Ours beside the stock tools, checksums on. Resolves to the exit status. */
export async function benchPostgres(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const results: BenchResult[] = [];
  process.env[BENCH_KEY] = randomBytes(32).toString("base64");
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-bench-"));
  try {
    // What users run, one bundled file, and not a checkout, which takes 0.15 s and 10 MiB more to load its sources.
    await stagePackage(join(folder, "program"));
    for (const major of stockMajors) {
      const wanted = options.cases.filter((one) => isMeasuredWith(one, major, options));
      if (wanted.length > 0) await benchMajor(major, wanted, options, folder, results);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    if (results.length > 0) {
      process.stdout.write(resultsTable(results));
      if (options.showsMemory) process.stdout.write(`\n${memoryTable(results)}`);
      await writeResults({
        sizes: options.sizes,
        pairs: options.pairs,
        roundTripMs: options.roundTripMs,
        walLevel: options.walLevel,
        results,
      });
    }
  }
  return options.failsOnMissedGoals && results.some((result) => result.missed.length > 0) ? 1 : 0;
}

function isMeasuredWith(one: BenchCase, major: StockMajor, { peers }: BenchOptions): boolean {
  return (peers ?? one.majors ?? DEFAULT_MAJORS).includes(major) && major >= (one.since ?? major);
}

/** Makes one database after another, and measures all that is measured on it. */
async function benchMajor(
  major: StockMajor,
  cases: readonly BenchCase[],
  options: BenchOptions,
  folder: string,
  results: BenchResult[],
): Promise<void> {
  await using server = await startBenchServer(major, options);
  for (const workload of workloads) {
    const wanted = cases.filter(({ data }) =>
      data === "rows" ? options.sets.includes(workload.name) : data === workload.name,
    );
    if (wanted.length === 0) continue;
    say(`${workload.name}: making ${workload.describe(options.sizes)}`);
    await makeDatabase(server, workload, options.sizes);
    for (const transport of options.transports) {
      for (const one of wanted) {
        if (one.isFar && transport === "socket") continue;
        results.push(await benchCase(one, { server, major, workload, transport, options, folder }));
        say(cells(results.at(-1)!).join("  "));
      }
    }
    await server.sql(`drop database "${workload.name}"`);
  }
}

interface CaseRun {
  readonly server: PostgresServer;
  readonly major: StockMajor;
  readonly workload: Workload;
  readonly transport: Transport;
  readonly options: BenchOptions;
  readonly folder: string;
}

async function benchCase(one: BenchCase, run: CaseRun): Promise<BenchResult> {
  const { server, major, workload, transport, options, folder } = run;
  await using relay = one.isFar ? await startDelayingRelay(server.port, options.roundTripMs / 2) : undefined;
  const isSocket = transport === "socket";
  const output = join(folder, "output");
  await mkdir(output);
  const place: BenchPlace = {
    server,
    tools: stock(major),
    program: join(folder, "program", "bin", "dbbackup.cjs"),
    host: isSocket ? server.socketDirectory : "127.0.0.1",
    port: relay?.port ?? server.port,
    database: workload.name,
    folder: output,
    limitSeconds: options.limitSeconds,
  };
  try {
    const { peer, ours } = await sidesOf(one.work, place);
    const pairs = await runPairs(peer, ours, options.pairs);
    const summary = summarize(pairs);
    return {
      case: one.name,
      data: workload.name,
      transport: one.isFar ? `${options.roundTripMs} ms` : transport,
      peer: `${one.work.kind === "dump" ? "pg_dump" : "pg_restore"} ${major}`,
      missed: missedGoals(one, isSocket, workload.objects(options.sizes), summary),
      ...summary,
      pairs,
    };
  } finally {
    await rm(output, { recursive: true });
  }
}
