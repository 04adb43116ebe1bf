import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { appendFile, chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dataTemplate } from "./data-template.ts";
import { freePort } from "./free-port.ts";
import { guardServer } from "./guard.ts";
import { type PostgresMajor, postgresBinaries } from "./postgres-packages.ts";
import { mustRun } from "./run-program.ts";
import { makeServerFolder } from "./server-folder.ts";
import { serverUser } from "./server-user.ts";
import { type Row, simpleQuery } from "./simple-query.ts";

/** PEM texts. `authority` makes the server ask for client certificates where pg_hba.conf says so. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
  readonly authority?: string;
  readonly revoked?: string;
}

export interface ServerOptions {
  readonly major: PostgresMajor;
  /** Another build of that major: the folder with its `bin/postgres`. Its data folder is made by ours. */
  readonly binaries?: string;
  /** postgresql.conf, over settings that make small and quick servers without durability. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The whole pg_hba.conf. Default: everybody is trusted, over the socket and TCP. */
  readonly hba?: string;
  /** The whole pg_ident.conf. */
  readonly ident?: string;
  readonly ssl?: ServerTls;
  /** Instead of C.UTF-8. */
  readonly locale?: string;
  readonly encoding?: string;
  /** More arguments for initdb. */
  readonly initdbArgs?: readonly string[];
  /** Its data never lies in memory. */
  readonly onDisk?: boolean;
}

/** How to end a server, by the words of pg_ctl. */
export type StopMode = "fast" | "smart" | "immediate";

/** Where a server listens; enough to log in as its superuser `postgres`. */
export interface ServerAddress {
  readonly major: PostgresMajor;
  readonly port: number;
  /** For libpq's `host`: the folder with the Unix socket. */
  readonly socketDirectory: string;
}

/** A second or two, unless the machine stands still: see vitest.config.ts. */
const STARTS_WITHIN_MS = 120_000;
const STOPS_WITHIN_MS = 120_000;
const POLL_MS = 5;
/** Another program may take our free port between our look and the server's bind. */
const PORT_TRIES = 5;

const QUICK_SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  shared_buffers: "16MB",
  max_connections: "50",
  // Publications warn on servers that could not publish.
  wal_level: "logical",
  listen_addresses: "127.0.0.1",
  log_min_messages: "warning",
  lc_messages: "C",
};

/** A running PostgreSQL server of our own, on a free port, in private folders. Superuser: `postgres`. */
export class PostgresServer implements ServerAddress, AsyncDisposable {
  readonly major: PostgresMajor;
  readonly socketDirectory: string;
  readonly dataDirectory: string;
  /** The folder of `initdb`, `pg_ctl` and `postgres` of this server. */
  readonly binDirectory: string;
  readonly #folder: string;
  #port: number;
  #postmaster: ChildProcess | undefined;

  /** Use {@link startServer}. */
  constructor(major: PostgresMajor, folder: string, binDirectory: string, port: number) {
    this.major = major;
    this.#folder = folder;
    this.binDirectory = binDirectory;
    this.socketDirectory = folder;
    this.dataDirectory = join(folder, "data");
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  /** The process id of the postmaster, while it runs. */
  get pid(): number | undefined {
    return this.#postmaster?.pid;
  }

  url(database = "postgres", user = "postgres"): string {
    return `postgres://${encodeURIComponent(user)}@127.0.0.1:${this.#port}/${encodeURIComponent(database)}`;
  }

  /** Runs SQL as superuser over the Unix socket. Works while pg_hba.conf trusts `postgres` there. */
  sql(text: string, database = "postgres"): Promise<Row[]> {
    return serverSql(this, text, database);
  }

  /** All that the server has logged since its first start. */
  logText(): Promise<string> {
    return readFile(join(this.#folder, "log"), "utf8");
  }

  /** Appends to postgresql.conf; takes effect with {@link restart}, or `select pg_reload_conf()` where that is enough. */
  async set(settings: Readonly<Record<string, string>>): Promise<void> {
    await appendFile(join(this.dataDirectory, "postgresql.conf"), settingsText(settings));
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#folder, "log"), "a");
    const postmaster = spawn(join(this.binDirectory, "postgres"), ["-D", this.dataDirectory, "-p", `${this.#port}`], {
      ...serverUser(),
      cwd: this.#folder,
      // Its own process group: a terminal's Ctrl-C must reach the tests, not their servers.
      detached: true,
      stdio: ["ignore", log, log],
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LANG: "C.UTF-8", TZ: "UTC" },
    });
    closeSync(log);
    await new Promise<void>((resolve, reject) => postmaster.once("spawn", resolve).once("error", reject));
    guardServer(postmaster.pid!, this.dataDirectory);
    postmaster.unref();
    this.#postmaster = postmaster;
    await this.#untilReady(postmaster);
  }

  /** The server itself says in line 8 of postmaster.pid when it takes connections ("ready", or "standby"). */
  async #untilReady(postmaster: ChildProcess): Promise<void> {
    for (const deadline = Date.now() + STARTS_WITHIN_MS; Date.now() < deadline; await pause(POLL_MS)) {
      if (postmaster.exitCode !== null || postmaster.signalCode !== null) {
        this.#postmaster = undefined;
        throw new Error(`PostgreSQL ${this.major} did not start:\n${await this.logText()}`);
      }
      const lines = (await readFile(join(this.dataDirectory, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
      if (lines[0] === `${postmaster.pid}` && /^(ready|standby)/.test(lines[7] ?? "")) return;
    }
    throw new Error(`PostgreSQL ${this.major} is not ready after ${STARTS_WITHIN_MS} ms:\n${await this.logText()}`);
  }

  /** Ends the server, keeps its data: {@link start} starts it again on the same port. */
  async halt(mode: StopMode = "fast"): Promise<void> {
    const postmaster = this.#postmaster;
    if (postmaster === undefined) return;
    const ended = untilEnded(postmaster);
    process.kill(
      postmaster.pid!,
      { smart: "SIGTERM" as const, fast: "SIGINT" as const, immediate: "SIGQUIT" as const }[mode],
    );
    const late = setTimeout(() => postmaster.kill("SIGQUIT"), STOPS_WITHIN_MS);
    await ended;
    clearTimeout(late);
    this.#postmaster = undefined;
  }

  async restart(mode: StopMode = "fast"): Promise<void> {
    await this.halt(mode);
    await this.start();
  }

  /** Ends the server and removes all its files. Safe to repeat. */
  async stop(): Promise<void> {
    await this.halt("immediate");
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

/** Starts a server on fresh data: 0.2-0.4 s once its binaries are in the cache. */
export async function startServer(options: ServerOptions): Promise<PostgresServer> {
  const ours = await postgresBinaries(options.major);
  const binaries = options.binaries ?? ours;
  const template = await dataTemplate(ours, initdbArguments(options));
  const folder = await makeServerFolder("dbbackup-pg-", options.onDisk);
  const server = new PostgresServer(options.major, folder, join(binaries, "bin"), await freePort());
  try {
    await mustRun("cp", ["-a", "--reflink=auto", template, server.dataDirectory]);
    await chmod(server.dataDirectory, 0o700);
    await configure(server, options);
    for (let tries = 1; ; tries++) {
      try {
        await server.start();
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

/** As {@link PostgresServer.sql}, for a server that another process started; `settings` hold for this one session. */
export function serverSql(
  server: ServerAddress,
  text: string,
  database = "postgres",
  settings: Readonly<Record<string, string>> = {},
): Promise<Row[]> {
  const socketPath = join(server.socketDirectory, `.s.PGSQL.${server.port}`);
  return simpleQuery(socketPath, "postgres", database, text, settings);
}

function initdbArguments(options: ServerOptions): string[] {
  const encoding = options.encoding ?? "UTF8";
  const locale = options.locale ?? "C.UTF-8";
  const own = options.initdbArgs ?? [];
  return ["-U", "postgres", "-A", "trust", "--data-checksums", "-E", encoding, `--locale=${locale}`, ...own];
}

async function configure(server: PostgresServer, options: ServerOptions): Promise<void> {
  const tls = options.ssl === undefined ? {} : await writeTlsFiles(server, options.ssl);
  await server.set({
    ...QUICK_SETTINGS,
    unix_socket_directories: server.socketDirectory,
    ...tls,
    ...options.settings,
  });
  if (options.hba !== undefined) await writeFile(join(server.dataDirectory, "pg_hba.conf"), `${options.hba}\n`);
  if (options.ident !== undefined) await writeFile(join(server.dataDirectory, "pg_ident.conf"), `${options.ident}\n`);
}

async function writeTlsFiles(server: PostgresServer, tls: ServerTls): Promise<Record<string, string>> {
  const folder = join(server.dataDirectory, "tls");
  const user = serverUser();
  const settings: Record<string, string> = { ssl: "on" };
  const files = {
    ssl_cert_file: tls.certificate,
    ssl_key_file: tls.key,
    ssl_ca_file: tls.authority,
    ssl_crl_file: tls.revoked,
  };
  await mkdir(folder);
  for (const [setting, text] of Object.entries(files)) {
    if (text === undefined) continue;
    const path = join(folder, setting);
    await writeFile(path, text, { mode: 0o600 });
    if (user.uid !== undefined) await chown(path, user.uid, user.gid);
    settings[setting] = path;
  }
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  return settings;
}

function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join("");
}

function untilEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  child.ref();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
