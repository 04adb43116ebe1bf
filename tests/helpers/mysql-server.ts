import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { MysqlConnection, type Row } from "../../src/wire/mysql/connection.ts";
import { type MysqlConnectionSpec, mysqlConnectionSpec } from "../../src/wire/mysql/connection-spec.ts";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { freePort } from "./free-port.ts";
import { guardServer } from "./guard.ts";
import { type MysqlBinaries, type MysqlFlavour, mysqlBinaries } from "./mysql-packages.ts";
import { mustRun } from "./run-program.ts";
import { makeServerFolder } from "./server-folder.ts";
import { serverUser } from "./server-user.ts";

export interface MysqlServerOptions {
  readonly flavour: MysqlFlavour;
  /** Options of the server without their two minus signs, over those that make small and quick servers: `log-bin=b`. */
  readonly settings?: readonly string[];
  /** Its data never lies in memory. */
  readonly onDisk?: boolean;
}

/** Where a server listens; enough to log in as `root`, who has no password. */
export interface MysqlAddress {
  readonly flavour: MysqlFlavour;
  readonly port: number;
  readonly socket: string;
}

/** A second or two, unless the machine stands still: see vitest.config.ts. */
const STARTS_WITHIN_MS = 120_000;
const STOPS_WITHIN_MS = 120_000;
const POLL_MS = 20;
const PORT_TRIES = 5;

/** Small, quick, without durability; the binary log in rows, as every supported set-up that we back up has it. */
const QUICK_SETTINGS = [
  "skip-name-resolve",
  "bind-address=127.0.0.1",
  "innodb-flush-log-at-trx-commit=0",
  "innodb-buffer-pool-size=64M",
  "innodb-doublewrite=0",
  "innodb-file-per-table=1",
  "sync-binlog=0",
  "log-bin=binlog",
  "binlog-format=ROW",
  "server-id=1",
  "max-connections=60",
  "max-allowed-packet=128M",
  "local-infile=1",
  "character-set-server=utf8mb4",
  "lower-case-table-names=0",
  "default-time-zone=+01:00",
];

/** MySQL 9.7 takes it only on data that was made with it. */
const SMALL_NAMES = "lower-case-table-names=1";

const OF_FLAVOUR: Readonly<Record<MysqlFlavour, readonly string[]>> = {
  "mariadb-10.5": ["innodb-log-file-size=16M"],
  "mariadb-10.11": ["innodb-log-file-size=16M"],
  "mariadb-11.8": ["innodb-log-file-size=16M"],
  "mysql-5.6": ["innodb-log-file-size=48M", "gtid-mode=ON", "log-slave-updates", "enforce-gtid-consistency"],
  "mysql-9.7": [
    "mysqlx=OFF",
    "secure-file-priv=NULL",
    "innodb-redo-log-capacity=16M",
    "gtid-mode=ON",
    "enforce-gtid-consistency=ON",
    "binlog-row-metadata=FULL",
  ],
};

/** A running MySQL or MariaDB server of our own, on a free port, in private folders. */
export class MysqlServer implements MysqlAddress, AsyncDisposable {
  readonly flavour: MysqlFlavour;
  readonly binaries: MysqlBinaries;
  readonly dataDirectory: string;
  readonly socket: string;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #port: number;
  #process: ChildProcess | undefined;

  /** Use {@link startMysql}. */
  constructor(options: MysqlServerOptions, binaries: MysqlBinaries, folder: string, port: number) {
    this.flavour = options.flavour;
    this.binaries = binaries;
    this.#folder = folder;
    this.dataDirectory = join(folder, "data");
    this.socket = join(folder, "s.sock");
    this.#settings = [...QUICK_SETTINGS, ...OF_FLAVOUR[options.flavour], ...(options.settings ?? [])];
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  /** The server's process, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  url(database = "", user = "root"): string {
    return mysqlUrl(this, database, user);
  }

  /** Runs one statement as root over the Unix socket. */
  sql(text: string, database?: string): Promise<Row[]> {
    return mysqlSql(this, text, database);
  }

  /** All that the server has logged. */
  logText(): Promise<string> {
    return readFile(join(this.#folder, "log"), "utf8");
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#folder, "log"), "a");
    const place = [`--datadir=${this.dataDirectory}`, `--socket=${this.socket}`, `--port=${this.#port}`];
    const settings = this.#settings.map((setting) => `--${setting}`);
    const files = [`--pid-file=${join(this.#folder, "pid")}`, `--tmpdir=${this.#folder}`];
    const server = spawn(
      this.binaries.server,
      ["--no-defaults", ...baseOptions(this.flavour, this.binaries), ...place, ...files, ...settings],
      {
        ...serverUser(),
        cwd: this.#folder,
        // Its own process group: a terminal's Ctrl-C must reach the tests, not their servers.
        detached: true,
        stdio: ["ignore", log, log],
        env: environment(this.flavour, this.binaries),
      },
    );
    closeSync(log);
    await new Promise<void>((resolve, reject) => server.once("spawn", resolve).once("error", reject));
    guardServer(server.pid!, `--datadir=${this.dataDirectory}`);
    server.unref();
    this.#process = server;
    await this.#untilReady(server);
  }

  async #untilReady(server: ChildProcess): Promise<void> {
    for (const deadline = Date.now() + STARTS_WITHIN_MS; Date.now() < deadline; await pause(POLL_MS)) {
      if (server.exitCode !== null || server.signalCode !== null) {
        this.#process = undefined;
        throw new Error(`${this.flavour} did not start:\n${await this.logText()}`);
      }
      const isReady = await this.sql("SELECT 1").then(
        () => true,
        () => false,
      );
      if (isReady) return;
    }
    throw new Error(`${this.flavour} is not ready after ${STARTS_WITHIN_MS} ms:\n${await this.logText()}`);
  }

  /** Ends the server, keeps its data: {@link start} starts it again on the same port. */
  async halt(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    const ended = untilEnded(server);
    server.kill(signal);
    const late = setTimeout(() => server.kill("SIGKILL"), STOPS_WITHIN_MS);
    await ended;
    clearTimeout(late);
    this.#process = undefined;
  }

  /** Ends the server and removes all its files. Safe to repeat. */
  async stop(): Promise<void> {
    await this.halt("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Takes another port, for a server that lost the race for its first. */
  async changePort(): Promise<void> {
    this.#port = await freePort();
  }
}

/** Starts a server on fresh data: 0.3-1.5 s once its binaries are in the cache. */
export async function startMysql(options: MysqlServerOptions): Promise<MysqlServer> {
  const binaries = await mysqlBinaries(options.flavour);
  const template = await dataTemplate(options, binaries);
  const folder = await makeServerFolder("dbbackup-my-", options.onDisk);
  const server = new MysqlServer(options, binaries, folder, await freePort());
  try {
    await mustRun("cp", ["-a", "--reflink=auto", template, server.dataDirectory]);
    for (let tries = 1; ; tries++) {
      try {
        await server.start();
        await letRootIn(server);
        return server;
      } catch (error) {
        if (tries === PORT_TRIES || !/Address already in use/.test(`${error}`)) throw error;
        await server.changePort();
      }
    }
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** MySQL 9.7 makes root for the Unix socket alone; the others let it in over TCP. */
async function letRootIn(server: MysqlServer): Promise<void> {
  if (server.flavour !== "mysql-9.7") return;
  await using connection = await MysqlConnection.connect(rootSpec(server));
  await connection.query("SET SESSION sql_log_bin = 0");
  await connection.query("CREATE USER IF NOT EXISTS root@'127.0.0.1'");
  await connection.query("GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION");
}

/** How to log in as root over the Unix socket. */
export function rootSpec(server: MysqlAddress, database?: string): MysqlConnectionSpec {
  return mysqlConnectionSpec({ host: { kind: "unix", path: server.socket }, user: "root", database });
}

/** As {@link MysqlServer.sql}, for a server that another process started. */
export async function mysqlSql(server: MysqlAddress, text: string, database?: string): Promise<Row[]> {
  await using connection = await MysqlConnection.connect(rootSpec(server, database));
  return await connection.rows(text);
}

export function mysqlUrl({ flavour, port }: MysqlAddress, database = "", user = "root"): string {
  const scheme = flavour.startsWith("mariadb") ? "mariadb" : "mysql";
  return `${scheme}://${encodeURIComponent(user)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** A data folder that was just made, kept in the cache. Never start a server on it; copy it. */
async function dataTemplate(server: MysqlServerOptions, binaries: MysqlBinaries): Promise<string> {
  const user = serverUser();
  const { flavour } = server;
  const names = flavour === "mysql-9.7" && server.settings?.includes(SMALL_NAMES) === true ? [`--${SMALL_NAMES}`] : [];
  const kind = names.length > 0 ? `${flavour}-small-names` : flavour;
  const folder = join(cacheFolder(), "mysql-data", `${kind}-${user.uid ?? "own"}`);
  await buildOnce(folder, async (privateFolder) => {
    if (user.uid !== undefined) await mustRun("chown", [`${user.uid}:${user.gid}`, privateFolder]);
    const data = join(privateFolder, "data");
    const options = { ...user, cwd: privateFolder, env: environment(flavour, binaries) };
    if (flavour === "mysql-5.6") {
      // Its package gives others no right to read.
      await mustRun("cp", ["-r", join(binaries.base, "data", "mysql"), data]);
      await mustRun("chmod", ["-R", "u+rwX", data]);
      if (user.uid !== undefined) await mustRun("chown", ["-R", `${user.uid}:${user.gid}`, data]);
    } else if (flavour === "mysql-9.7") {
      const settings = ["--initialize-insecure", "--innodb-redo-log-capacity=16M", `--datadir=${data}`, ...names];
      await mustRun(binaries.server, ["--no-defaults", ...baseOptions(flavour, binaries), ...settings], options);
    } else {
      const settings = ["--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=16M"];
      const install = binaries.client("mariadb-install-db")!;
      await mustRun(
        install,
        ["--no-defaults", `--basedir=${binaries.base}`, `--datadir=${data}`, ...settings],
        options,
      );
    }
    await mustRun("sh", ["-c", 'mv "$1"/* "$2" && rmdir "$1"', "sh", data, privateFolder]);
  });
  return folder;
}

function baseOptions(flavour: MysqlFlavour, { base }: MysqlBinaries): string[] {
  const share = flavour === "mysql-5.6" ? join(base, "share") : join(base, "share", "mysql");
  const messages = flavour === "mariadb-11.8" ? join(base, "share", "mariadb") : share;
  const plugins = flavour === "mysql-5.6" ? [] : [`--plugin-dir=${join(base, "lib", "mysql", "plugin")}`];
  return [`--basedir=${base}`, `--lc-messages-dir=${messages}`, ...plugins];
}

function environment(flavour: MysqlFlavour, { base }: MysqlBinaries): Record<string, string> {
  const own = flavour === "mysql-5.6" ? { LD_LIBRARY_PATH: base } : {};
  return { PATH: process.env.PATH ?? "/usr/bin:/bin", LANG: "C.UTF-8", TZ: "UTC", ...own };
}

function untilEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  child.ref();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
