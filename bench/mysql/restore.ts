import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { stagePackage } from "../../scripts/stage-package.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { type MysqlFlavour, mydumperProgram } from "../../tests/helpers/mysql-packages.ts";
import { type MysqlServer, mysqlUrl, rootSpec, startMysql } from "../../tests/helpers/mysql-server.ts";
import { stockProgram } from "../../tests/helpers/mysql-stock.ts";
import { mustRun } from "../../tests/helpers/run-program.ts";
import { measuredRun } from "../measured-run.ts";
import { runPairs, type Side, summarize } from "../pairs.ts";
import { type BenchResult, cells, missedGoals, resultsTable, say, writeResults } from "../report.ts";
import { serverCpuSeconds } from "../server-cpu.ts";
import { type MysqlBenchOptions, readMysqlOptions, usageOf } from "./options.ts";
import { type MysqlRestoreCase, mysqlRestoreCases } from "./restore-cases.ts";
import { type MysqlWorkload, mysqlWorkloads } from "./workloads.ts";

/** Rows fit into memory; what is committed is written as on a server that is in use, without waiting for the disk. */
const settings = ["innodb-buffer-pool-size=2G", "skip-log-bin", "innodb-stats-persistent=0"];
const sessionEndsWithinMs = 200;
const target = "restored";

type Options = MysqlBenchOptions<MysqlRestoreCase>;

/** Loads beside the stock client and myloader. Resolves to the exit status. */
export async function benchMysqlRestore(args: readonly string[]): Promise<number> {
  const options = readMysqlOptions(args, mysqlRestoreCases);
  if (options === undefined) {
    process.stdout.write(usageOf("mysql-restore", "the stock client or myloader", mysqlRestoreCases));
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
      await writeResults({ sizes: options.sizes, pairs: options.pairs, results }, "mysql-restore");
    }
  }
  return options.failsOnMissedGoals && results.some(({ missed }) => missed.length > 0) ? 1 : 0;
}

async function benchFlavour(
  flavour: MysqlFlavour,
  options: Options,
  folder: string,
  results: BenchResult[],
): Promise<void> {
  await using server = await startMysql({ flavour, settings, onDisk: true });
  for (const workload of mysqlWorkloads.filter(({ name }) => options.sets.includes(name))) {
    const wanted = options.cases.filter(({ data }) => data.includes(workload.name));
    if (wanted.length === 0) continue;
    say(`${workload.name}: making ${workload.describe(options.sizes)}`);
    await server.sql(`CREATE DATABASE ${workload.name}`);
    await using connection = await MysqlConnection.connect(rootSpec(server, workload.name));
    await workload.make(connection, options.sizes);
    for (const one of wanted) {
      results.push(await benchCase(one, { server, workload, options, folder }));
      say(cells(results.at(-1)!).join("  "));
    }
    await server.sql(`DROP DATABASE ${workload.name}`);
  }
}

interface CaseRun {
  readonly server: MysqlServer;
  readonly workload: MysqlWorkload;
  readonly options: Options;
  readonly folder: string;
}

async function benchCase(one: MysqlRestoreCase, { server, workload, options, folder }: CaseRun): Promise<BenchResult> {
  const place = join(folder, "backups");
  await mkdir(place);
  const program = join(folder, "program", "bin", "dbbackup.cjs");
  const own = join(place, "own");
  const stock = join(place, "stock");
  const silent = ["--progress", "none", "--quiet"];
  const url = ["--url", mysqlUrl(server)];
  const side = (file: string, args: readonly string[]): Side => ({
    run: async () => {
      await server.sql(`CREATE DATABASE ${target}`);
      try {
        const before = await serverCpuSeconds(server.pid!);
        const run = await measuredRun({ file, args, limitSeconds: options.limitSeconds });
        await setTimeout(sessionEndsWithinMs);
        return { ...run, serverCpuSeconds: (await serverCpuSeconds(server.pid!)) - before };
      } finally {
        await server.sql(`DROP DATABASE ${target}`);
      }
    },
  });
  try {
    await mustRun(process.execPath, [
      program,
      "backup",
      "single",
      workload.name,
      ...url,
      ...one.backup,
      "--output",
      own,
      ...silent,
    ]);
    const peer =
      one.peer === "myloader"
        ? await preparedMyloader(stock, server, workload)
        : await preparedClient(stock, server, workload);
    const backup = one.loadsPeers === true ? stock : own;
    const pairs = await runPairs(
      side(peer.file, peer.args),
      side(process.execPath, [
        program,
        "restore",
        "single",
        backup,
        ...url,
        "--target",
        target,
        ...one.ours,
        ...silent,
      ]),
      options.pairs,
    );
    const summary = summarize(pairs);
    return {
      case: one.name,
      data: workload.name,
      transport: "tcp",
      peer: `${peer.name} ${server.flavour}`,
      missed: missedGoals(one, false, 0, summary),
      ...summary,
      pairs,
    };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** What loads the peer's own dump, which was just made. */
interface Peer {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

async function preparedClient(stock: string, server: MysqlServer, { name }: MysqlWorkload): Promise<Peer> {
  const address = ["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", `--port=${server.port}`, "--user=root"];
  const client = await stockProgram(server.flavour, "client");
  const dump = await stockProgram(server.flavour, "dump");
  const options = ["--single-transaction", "--quick", name];
  await mustRun("/bin/sh", ["-c", 'exec 3>"$0"; exec "$@" >&3', stock, dump, ...address, ...options]);
  const args = ["-c", 'exec "$@" <"$0"', stock, client, ...address, target];
  return { name: client.split("/").at(-1)!, file: "/bin/sh", args };
}

async function preparedMyloader(stock: string, server: MysqlServer, { name }: MysqlWorkload): Promise<Peer> {
  const address = ["--user=root", "--host=127.0.0.1", `--port=${server.port}`, "--threads=2"];
  // Its files are as large as ours: without that, it loads each table with one thread.
  const options = ["--chunk-filesize=64", "-B", name, "-o", stock];
  await mustRun(await mydumperProgram("mydumper"), [...address, ...options]);
  const args = [...address, "-B", target, "-d", stock];
  return { name: "myloader", file: await mydumperProgram("myloader"), args };
}
