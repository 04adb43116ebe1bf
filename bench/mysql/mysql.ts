import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { stagePackage } from "../../scripts/stage-package.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { type MysqlFlavour, mydumperProgram } from "../../tests/helpers/mysql-packages.ts";
import { type MysqlServer, mysqlUrl, rootSpec, startMysql } from "../../tests/helpers/mysql-server.ts";
import { stockProgram } from "../../tests/helpers/mysql-stock.ts";
import { measuredRun } from "../measured-run.ts";
import { runPairs, type Side, summarize } from "../pairs.ts";
import { type BenchResult, cells, missedGoals, resultsTable, say, writeResults } from "../report.ts";
import { serverCpuSeconds } from "../server-cpu.ts";
import { type MysqlCase, mysqlCases } from "./cases.ts";
import { type MysqlBenchOptions, readMysqlOptions, usage } from "./options.ts";
import { type MysqlWorkload, mysqlWorkloads } from "./workloads.ts";

/** The data lies in the server's memory, and nothing waits for a disk. */
const SETTINGS = ["innodb-buffer-pool-size=2G", "table-open-cache=4000", "innodb-stats-persistent=0"];
const SESSION_ENDS_WITHIN_MS = 200;

/** Ours beside the stock tools, checksums on. Resolves to the exit status. */
export async function benchMysql(args: readonly string[]): Promise<number> {
  const options = readMysqlOptions(args, mysqlCases);
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const results: BenchResult[] = [];
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-bench-"));
  try {
    await stagePackage(join(folder, "program"));
    for (const flavour of options.flavours) await benchFlavour(flavour, options, folder, results);
  } finally {
    await rm(folder, { recursive: true, force: true });
    if (results.length > 0) {
      process.stdout.write(resultsTable(results));
      await writeResults({ sizes: options.sizes, pairs: options.pairs, results }, "mysql");
    }
  }
  return options.failsOnMissedGoals && results.some(({ missed }) => missed.length > 0) ? 1 : 0;
}

async function benchFlavour(
  flavour: MysqlFlavour,
  options: MysqlBenchOptions,
  folder: string,
  results: BenchResult[],
): Promise<void> {
  await using server = await startMysql({ flavour, settings: SETTINGS, onDisk: true });
  for (const workload of mysqlWorkloads.filter(({ name }) => options.sets.includes(name))) {
    const wanted = options.cases.filter(({ data }) => data.includes(workload.name));
    if (wanted.length === 0) continue;
    say(`${workload.name}: making ${workload.describe(options.sizes)}`);
    await makeDatabase(server, workload, options);
    for (const transport of options.transports) {
      for (const one of wanted) {
        results.push(await benchCase(one, { server, workload, transport, options, folder }));
        say(cells(results.at(-1)!).join("  "));
      }
    }
    await server.sql(`DROP DATABASE ${workload.name}`);
  }
}

async function makeDatabase(server: MysqlServer, workload: MysqlWorkload, options: MysqlBenchOptions): Promise<void> {
  await server.sql(`CREATE DATABASE ${workload.name}`);
  await using connection = await MysqlConnection.connect(rootSpec(server, workload.name));
  await connection.query("SET sql_log_bin = 0");
  await workload.make(connection, options.sizes);
}

interface CaseRun {
  readonly server: MysqlServer;
  readonly workload: MysqlWorkload;
  readonly transport: "tcp" | "socket";
  readonly options: MysqlBenchOptions;
  readonly folder: string;
}

async function benchCase(
  one: MysqlCase,
  { server, workload, transport, options, folder }: CaseRun,
): Promise<BenchResult> {
  const isSocket = transport === "socket";
  const output = join(folder, "output");
  const dump = join(output, "dump.sql");
  await mkdir(output);
  const side = (file: string, args: readonly string[]): Side => ({
    run: async () => {
      const before = await serverCpuSeconds(server.pid!);
      const run = await measuredRun({ file, args, limitSeconds: options.limitSeconds });
      await setTimeout(SESSION_ENDS_WITHIN_MS);
      const cpu = (await serverCpuSeconds(server.pid!)) - before;
      const bytes = await bytesOf(dump);
      await rm(output, { recursive: true });
      await mkdir(output);
      return { ...run, serverCpuSeconds: cpu, bytes };
    },
  });
  const stock =
    one.besideMydumper === true ? await mydumperProgram("mydumper") : await stockProgram(server.flavour, "dump");
  const address = isSocket
    ? [`--socket=${server.socket}`]
    : ["--protocol=tcp", "--host=127.0.0.1", `--port=${server.port}`];
  const peerSide =
    one.besideMydumper === true
      ? side(stock, [...mydumperAddress(server, isSocket), ...one.peer, "-B", workload.name, "-o", dump])
      : side("/bin/sh", [
          "-c",
          intoFile(one),
          dump,
          stock,
          "--no-defaults",
          ...address,
          "--user=root",
          ...one.peer,
          workload.name,
        ]);
  const url = isSocket ? `${mysqlUrl(server)}?socket=${encodeURIComponent(server.socket)}` : mysqlUrl(server);
  const program = join(folder, "program", "bin", "dbbackup.cjs");
  const own = ["backup", "single", workload.name, "--url", url, ...one.ours, "--output", dump];
  try {
    const pairs = await runPairs(
      peerSide,
      side(process.execPath, [program, ...own, "--progress", "none", "--quiet"]),
      options.pairs,
    );
    const summary = summarize(pairs);
    return {
      case: one.name,
      data: workload.name,
      transport,
      peer: `${stock.split("/").at(-1)} ${server.flavour}${one.filter === undefined ? "" : ` | ${one.filter}`}`,
      missed: missedGoals(
        one,
        isSocket,
        ["tables", "small"].includes(workload.name) ? options.sizes.tables : 0,
        summary,
      ),
      ...summary,
      pairs,
    };
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

/** It knows no `--protocol`. */
function mydumperAddress({ port, socket }: MysqlServer, isSocket: boolean): string[] {
  return ["--user=root", ...(isSocket ? [`--socket=${socket}`] : ["--host=127.0.0.1", `--port=${port}`])];
}

/** The names go past the shell's eyes as positional parameters. */
function intoFile({ filter }: MysqlCase): string {
  return `exec 3>"$0"; "$@" ${filter === undefined ? "" : `| ${filter}`} >&3`;
}

/** Of a file, or of all files of a folder. */
async function bytesOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return found?.size ?? 0;
  const sizes = await Promise.all((await readdir(path)).map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
