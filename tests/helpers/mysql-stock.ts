import { type MysqlFlavour, mysqlBinaries } from "./mysql-packages.ts";
import type { MysqlAddress } from "./mysql-server.ts";
import { type Finished, mustRun, type RunOptions, runProgram } from "./run-program.ts";

/** Stock programs by what they do; each flavour has names of its own. */
export type MysqlProgram = "dump" | "client" | "binlog";

const NAMES = {
  mariadb: { dump: "mariadb-dump", client: "mariadb", binlog: "mariadb-binlog" },
  mysql: { dump: "mysqldump", client: "mysql", binlog: "mysqlbinlog" },
} as const;

/** The flavours whose stock programs there are: 5.6 comes without, and those of MariaDB 10.5 speak to it. */
export function stockFlavourFor(server: MysqlFlavour): MysqlFlavour {
  return server === "mysql-5.6" ? "mariadb-10.5" : server;
}

/** Runs a stock program against a server as root over its Unix socket. Answers however it ends. */
export async function runMysqlStock(
  program: MysqlProgram,
  server: MysqlAddress,
  args: readonly string[],
  options: RunOptions & { readonly flavour?: MysqlFlavour } = {},
): Promise<Finished> {
  const [file, all] = await commandLine(program, server, args, options.flavour);
  return runProgram(file, all, plain(options));
}

/** The same for a program that must succeed. */
export async function mustMysqlStock(
  program: MysqlProgram,
  server: MysqlAddress,
  args: readonly string[],
  options: RunOptions & { readonly flavour?: MysqlFlavour } = {},
): Promise<Finished> {
  const [file, all] = await commandLine(program, server, args, options.flavour);
  return mustRun(file, all, plain(options));
}

/** The file of a stock program, fetched first where needed. */
export async function stockProgram(flavour: MysqlFlavour, program: MysqlProgram): Promise<string> {
  const from = stockFlavourFor(flavour);
  const name = NAMES[from.startsWith("mariadb") ? "mariadb" : "mysql"][program];
  const path = (await mysqlBinaries(from)).client(name);
  if (path === undefined) throw new Error(`${from} comes without ${name}`);
  return path;
}

async function commandLine(
  program: MysqlProgram,
  server: MysqlAddress,
  args: readonly string[],
  flavour: MysqlFlavour = stockFlavourFor(server.flavour),
): Promise<[string, string[]]> {
  const path = await stockProgram(flavour, program);
  return [path, ["--no-defaults", `--socket=${server.socket}`, "--user=root", ...args]];
}

/** Nothing of the user's own settings may reach a test. */
function plain(options: RunOptions): RunOptions {
  const inherited = Object.keys(process.env).filter((name) => /^(MYSQL|MARIADB)/.test(name));
  const removed = Object.fromEntries(inherited.map((name) => [name, undefined]));
  return { ...options, env: { ...removed, LC_ALL: "C.UTF-8", ...options.env } };
}
