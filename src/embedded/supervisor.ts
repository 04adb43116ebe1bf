/**
 * A process that owns one throw-away PostgreSQL server: its folder and its processes. When its standard input ends,
 * whatever the reason (stop, Ctrl-C, kill -9 of the one who started it), it stops the server and removes the folder.
 * It leads a process group of its own, so that a terminal's Ctrl-C reaches only the one who started it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endStragglers } from "./end-stragglers.ts";
import { watchMemory } from "./memory-watch.ts";
import { keepOrder, type SupervisorOrder, type SupervisorReport, socketFolderName } from "./supervisor-messages.ts";
import { claimFolder, sweepAbandoned } from "./sweep-abandoned.ts";

/** PostgreSQL refuses to run as root; this is "nobody" everywhere. */
const unprivilegedId = 65534;
/** Ports only name the socket here; nothing listens on the network. */
const port = 5432;
const user = "postgres";
const readyPollMs = 10;
const readyWithinMs = 60_000;
/** A fast shutdown still writes a checkpoint; whoever needs longer than this gets an immediate one, then SIGKILL. */
const fastShutdownMs = 10_000;
const immediateShutdownMs = 5_000;
const logLinesInError = 8;

const order = JSON.parse(process.argv[2] ?? "") as SupervisorOrder;

const initdbArguments = ["-U", user, "-A", "trust", "-E", "UTF8", "--no-sync", "--data-checksums"].concat(
  order.major >= 14 ? ["--no-instructions"] : [],
);

/** What letters are, without the order of any language. Before 17 it is the machine's to know, which may not. */
const locales =
  order.major >= 17
    ? [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    : [["--locale=C.UTF-8"], ["--locale=C"]];

/** Durability is worth nothing in a folder that will be removed; the rest keeps a small machine quiet. */
const settings = [
  "listen_addresses=",
  "fsync=off",
  "full_page_writes=off",
  "synchronous_commit=off",
  "wal_level=minimal",
  "max_wal_senders=0",
  "max_wal_size=2GB",
  // Files of its own folder instead of /dev/shm, so that nothing can stay behind there.
  "dynamic_shared_memory_type=mmap",
  // As many as --jobs may be, and some.
  "max_connections=80",
  // Every table of the database is locked at once to read what there is.
  "max_locks_per_transaction=1024",
  ...(order.major >= 11 ? ["jit=off"] : []),
  ...memorySettings(order.maxMemoryBytes),
];

const paths = {
  programs: join(order.folder, "native"),
  data: join(order.folder, "data"),
  socket: join(order.folder, socketFolderName),
  work: join(order.folder, "work"),
};
const asRoot = process.getuid?.() === 0;
const credentials = asRoot ? { uid: unprivilegedId, gid: unprivilegedId } : {};

let child: ChildProcess | undefined;
const log: string[] = [];
const stopping = new AbortController();

process.umask(0o022);
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) process.on(name, () => stopping.abort());
watchInput();
// Whoever reads our reports may be gone; the end of input is what tells us so.
process.stdout.on("error", () => {});

// What others left behind is no reason for us to fail.
const sweep = sweepAbandoned(dirname(order.folder)).catch(() => {});
let isOurs = false;
let failed = false;
try {
  await serve();
} catch (error) {
  failed = !stopping.signal.aborted;
  if (failed) report({ report: "failed", message: (error as Error).message, details: log.slice(-logLinesInError) });
} finally {
  await stopChild();
  await endStragglers(order.folder);
  await sweep;
  if (isOurs) await rm(order.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
process.exit(failed ? 1 : 0);

async function serve(): Promise<void> {
  await prepareFolder();
  await makeDataFolder();
  stopping.signal.throwIfAborted();
  const options = settings.flatMap((setting) => ["-c", setting]);
  const postgres = start("postgres", ["-D", paths.data, "-p", String(port), "-k", paths.socket].concat(options));
  // When memory is short, the kernel takes this first; where it may not be said, as any other.
  await writeFile(`/proc/${postgres.pid}/oom_score_adj`, "1000").catch(() => {});
  const watch = watchMemoryOf(postgres);
  await untilReady(postgres);
  report({ report: "ready", socketFolder: paths.socket, workFolder: paths.work, port, user });
  await Promise.race([ended(postgres), stopped()]);
  watch();
}

function watchMemoryOf({ pid }: ChildProcess): () => void {
  const limit = order.maxMemoryBytes;
  if (limit === undefined || pid === undefined) return () => {};
  return watchMemory(pid, limit, (bytes) => {
    report({ report: "stopped", message: `it took ${bytes} bytes of memory, and may take ${limit}` });
    // At once: it may take more while it shuts down.
    if (child !== undefined) signalGroup(child, "SIGQUIT");
    stopping.abort();
  });
}

function kibibytes(bytes: number): string {
  return `${Math.max(1024, Math.floor(bytes / 1024))}kB`;
}

/** What a server takes at once, it takes of what it may. */
function memorySettings(limit: number | undefined): string[] {
  if (limit === undefined) return [];
  return [
    `shared_buffers=${kibibytes(Math.min(128 << 20, limit / 8))}`,
    `maintenance_work_mem=${kibibytes(Math.min(64 << 20, limit / 16))}`,
  ];
}

async function makeDataFolder(): Promise<void> {
  let status: number | string = "nothing";
  for (const locale of locales) {
    status = await ended(start("initdb", ["-D", paths.data, ...initdbArguments, ...locale]));
    if (status === 0) return;
  }
  throw new Error(`initdb ended with ${status}`);
}

/** The programs are copied because the server's user must be able to read them, wherever the package lies. */
async function prepareFolder(): Promise<void> {
  await mkdir(order.folder, { mode: 0o755 });
  isOurs = true;
  await claimFolder(order.folder);
  await cp(order.programs, paths.programs, { recursive: true, verbatimSymlinks: true });
  // npm packages carry no symbolic links; this list of them is replayed instead.
  const links = JSON.parse(await readFile(join(paths.programs, "pg-symlinks.json"), "utf8")) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const link of links) await linkOnce(basename(link.source), join(order.folder, link.target));
  await mkdir(paths.work, { mode: 0o700 });
  for (const folder of [paths.data, paths.socket]) {
    await mkdir(folder, { mode: 0o700 });
    if (asRoot) await chown(folder, unprivilegedId, unprivilegedId);
  }
}

/** Programs that somebody else made ready hold their links already. */
async function linkOnce(target: string, path: string): Promise<void> {
  await symlink(target, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

function start(program: string, args: readonly string[]): ChildProcess {
  stopping.signal.throwIfAborted();
  child = spawn(join(paths.programs, "bin", program), args, {
    ...credentials,
    cwd: order.folder,
    env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: stopping initdb must reach the servers that it starts, too.
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", keepLog);
  return child;
}

function keepLog(bytes: Buffer): void {
  log.push(...bytes.toString("latin1").split("\n").filter(Boolean));
  log.splice(0, log.length - logLinesInError);
}

async function ended(process: ChildProcess): Promise<number | string> {
  if (process.exitCode === null && process.signalCode === null) await once(process, "exit");
  return process.exitCode ?? process.signalCode ?? "nothing";
}

/** The postmaster writes its state into the eighth line of its lock file. */
async function untilReady(postgres: ChildProcess): Promise<void> {
  for (let waited = 0; waited < readyWithinMs; waited += readyPollMs) {
    stopping.signal.throwIfAborted();
    if (postgres.exitCode !== null) throw new Error(`the server ended with ${postgres.exitCode}`);
    const lock = await readFile(join(paths.data, "postmaster.pid"), "latin1").catch(() => "");
    if (lock.split("\n")[7]?.trim() === "ready") return;
    await sleep(readyPollMs);
  }
  throw new Error("the server was not ready in time");
}

async function stopChild(): Promise<void> {
  if (child?.pid === undefined) return;
  const end = ended(child);
  for (const [signal, patience] of [
    ["SIGINT", fastShutdownMs],
    ["SIGQUIT", immediateShutdownMs],
    ["SIGKILL", immediateShutdownMs],
  ] as const) {
    signalGroup(child, signal);
    if (await Promise.race([end.then(() => true), sleep(patience, false, { ref: false })])) return;
  }
}

function signalGroup(leader: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader.pid!, signal);
  } catch {
    // It ended meanwhile.
  }
}

async function stopped(): Promise<void> {
  if (!stopping.signal.aborted) await once(stopping.signal, "abort");
}

function watchInput(): void {
  let input = "";
  let keep = false;
  process.stdin.setEncoding("latin1");
  process.stdin.on("data", (text: string) => {
    input += text;
    if (input !== keepOrder) return;
    keep = true;
    report({ report: "kept" });
  });
  for (const event of ["end", "error"] as const) process.stdin.on(event, () => keep || stopping.abort());
}

function report(message: SupervisorReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
