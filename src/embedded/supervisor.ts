/**
 * A process that owns one throw-away server: its folder and its processes. When its standard input ends,
 * whatever the reason (stop, Ctrl-C, kill -9 of the one who started it), it stops the server and removes the folder.
 * It leads a process group of its own, so that a terminal's Ctrl-C reaches only the one who started it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endStragglers } from "./end-stragglers.ts";
import { watchMemory } from "./memory-watch.ts";
import { mysqlPlan } from "./mysql-plan.ts";
import { postgresPlan } from "./postgres-plan.ts";
import type { ProgramCall } from "./server-plan.ts";
import { keepOrder, type SupervisorOrder, type SupervisorReport, socketFolderName } from "./supervisor-messages.ts";
import { claimFolder, sweepAbandoned } from "./sweep-abandoned.ts";

/** Servers refuse to run as root; this is "nobody" everywhere. */
const unprivilegedId = 65534;
const readyPollMs = 10;
const readyWithinMs = 60_000;
const logLinesInError = 8;

const order = JSON.parse(process.argv[2] ?? "") as SupervisorOrder;

const paths = {
  folder: order.folder,
  data: join(order.folder, "data"),
  socket: join(order.folder, socketFolderName),
  work: join(order.folder, "work"),
};
const plan =
  order.server.kind === "postgres"
    ? postgresPlan(order.server, paths, order.maxMemoryBytes)
    : mysqlPlan(order.server, paths);
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
  const server = start(plan.serve);
  // When memory is short, the kernel takes this first; where it may not be said, as any other.
  await writeFile(`/proc/${server.pid}/oom_score_adj`, "1000").catch(() => {});
  const watch = watchMemoryOf(server);
  await untilReady(server);
  const { port, user } = plan;
  report({ report: "ready", socketFolder: paths.socket, workFolder: paths.work, port, user });
  await Promise.race([ended(server), stopped()]);
  watch();
}

function watchMemoryOf({ pid }: ChildProcess): () => void {
  const limit = order.maxMemoryBytes;
  if (limit === undefined || pid === undefined) return () => {};
  return watchMemory(pid, limit, (bytes) => {
    report({ report: "stopped", message: `it took ${bytes} bytes of memory, and may take ${limit}` });
    // At once: it may take more while it shuts down.
    if (child !== undefined) signalGroup(child, plan.quit);
    stopping.abort();
  });
}

async function makeDataFolder(): Promise<void> {
  let status: number | string = "nothing";
  for (const call of plan.initialise) {
    status = await ended(start(call));
    if (status === 0) return;
  }
  throw new Error(`${basename(plan.initialise[0]!.file)} ended with ${status}`);
}

async function prepareFolder(): Promise<void> {
  await mkdir(order.folder, { mode: 0o755 });
  isOurs = true;
  await claimFolder(order.folder);
  await plan.prepare();
  await mkdir(paths.work, { mode: 0o700 });
  for (const folder of [paths.data, paths.socket]) {
    await mkdir(folder, { mode: 0o700 });
    if (asRoot) await chown(folder, unprivilegedId, unprivilegedId);
  }
}

function start({ file, args }: ProgramCall): ChildProcess {
  stopping.signal.throwIfAborted();
  child = spawn(file, args, {
    ...credentials,
    cwd: order.folder,
    env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: stopping what makes the data folder must reach the servers that it starts, too.
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

async function untilReady(server: ChildProcess): Promise<void> {
  for (let waited = 0; waited < readyWithinMs; waited += readyPollMs) {
    stopping.signal.throwIfAborted();
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    if (await plan.isReady()) return;
    await sleep(readyPollMs);
  }
  throw new Error("the server was not ready in time");
}

async function stopChild(): Promise<void> {
  if (child?.pid === undefined) return;
  const end = ended(child);
  for (const [signal, patience] of plan.stop) {
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
