import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { builtProgram } from "./built-program.ts";
import { foreignVariables } from "./dbbackup.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { databaseUrl, type TestDatabase } from "./test-database.ts";

/** Rows weigh as much as other messages by so many bytes. */
const BYTES_OF_STEP = 8192;

/** How a restore ended that was to be killed. `status` is null when it was. */
export interface KilledRestore {
  readonly status: number | null;
  readonly stderr: string;
  /** Pieces of what the client sent, larger ones counted by their length. */
  readonly steps: number;
}

/**
 * Restores into `target` in a process of its own, which is killed with -9 when so much has passed to the server: the same
 * moment however busy the machine is.
 * @param args go behind `restore single`
 */
export async function killedRestore(
  target: TestDatabase,
  args: readonly string[],
  killAfterSteps: number,
): Promise<KilledRestore> {
  const urlAt = (port: number): string => databaseUrl({ ...target.server, port }, target.name);
  return await killedRestoreAt(target.server.port, urlAt, [...args, `--target=${target.name}`], killAfterSteps);
}

/** The same for any server: `urlAt` names it by another port. */
export async function killedRestoreAt(
  port: number,
  urlAt: (port: number) => string,
  args: readonly string[],
  killAfterSteps: number,
): Promise<KilledRestore> {
  let steps = 0;
  let child: ChildProcess | undefined;
  await using proxy = await TcpProxy.start({
    targetPort: port,
    onClientBytes: (count) => {
      steps += Math.ceil(count / BYTES_OF_STEP);
      if (steps >= killAfterSteps) child?.kill("SIGKILL");
    },
  });
  const all = [await builtProgram(), "restore", "single", ...args, `--url=${urlAt(proxy.port)}`];
  child = spawn(process.execPath, all, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...foreignVariables },
  });
  let stderr = "";
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stderr, steps };
}

export interface KillOptions {
  readonly seed: number;
  readonly most: number;
  /** More arguments, which the runs have in turn. */
  readonly turns?: readonly (readonly string[])[];
}

/**
 * Restores into `target` with run after run that is killed, until one ends or `most` were killed; then with one that is
 * not. Answers how many were.
 */
export async function killedOften(
  target: TestDatabase,
  args: readonly string[],
  { seed, most, turns = [[]] }: KillOptions,
): Promise<number> {
  const random = seeded(seed);
  for (let kills = 0; ; kills++) {
    const flag = (await hasJournal(target)) ? "--resume" : "--resumable";
    // Logging in and the checks take about 45: often a few entries more, sometimes the rows of a large table.
    const steps = kills % 3 === 2 ? 60 + random() * 300 : 42 + random() * 50;
    const more = turns[kills % turns.length]!;
    const run = await killedRestore(
      target,
      [...args, ...more, flag],
      kills === most ? Number.POSITIVE_INFINITY : steps,
    );
    // Killed when it had finished, and before it could say so.
    const isOver = flag === "--resume" && !(await hasJournal(target));
    if (run.status === 0 || isOver) return kills;
    if (run.status !== null) throw new Error(`the restore ended with ${run.status}:\n${run.stderr}`);
  }
}

/** Numbers from 0 to 1 that depend on the seed alone. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Whether an interrupted restore lies in a database. */
async function hasJournal(target: TestDatabase): Promise<boolean> {
  const rows = await target.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'dbbackup_restore_journal'");
  return rows.length === 1;
}
