import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type MemorySample, type MemoryTenth, memoryTenths } from "./memory-tenths.ts";

/** What a program cost. */
export interface MeasuredRun {
  readonly seconds: number;
  /** User and system time of the program and all its children. */
  readonly cpuSeconds: number;
  /** Largest peak of resident memory (VmHWM) of one of its processes. */
  readonly peakMiB: number;
  /** Resident memory (VmRSS) of its largest process, for each tenth of the run. */
  readonly memory: readonly MemoryTenth[];
  /** It was ended at the time limit: it would have taken longer than `seconds`. */
  readonly isTimedOut: boolean;
}

export interface RunSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly limitSeconds: number;
}

/** The kernel keeps the peak, so this only must not miss the last growth before the end by much. */
const MEMORY_POLL_MS = 40;

/**
 * Runs a program to its end and says what it took. A shell waits for it, because `times` is the one way to the CPU time
 * of ended children that is everywhere; the arguments go past the shell's eyes as positional parameters.
 */
export async function measuredRun({ file, args, env = {}, limitSeconds }: RunSpec): Promise<MeasuredRun> {
  const script = '"$@" >/dev/null; status=$?; times >&3; exit $status';
  const started = process.hrtime.bigint();
  const elapsed = () => Number(process.hrtime.bigint() - started) / 1e9;
  const shell = spawn("/bin/sh", ["-c", script, "sh", file, ...args], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...ownEnvironment(), ...env },
  });
  const said = text(shell.stderr!);
  const times = text(shell.stdio[3] as Readable);
  let peakMiB = 0;
  const samples: MemorySample[] = [];
  const poll = setInterval(async () => {
    const now = await largestOfTree(shell.pid!);
    peakMiB = Math.max(peakMiB, now.peakMiB);
    if (now.residentMiB > 0) samples.push({ seconds: elapsed(), mib: now.residentMiB });
  }, MEMORY_POLL_MS);
  let isTimedOut = false;
  const limit = setTimeout(() => {
    isTimedOut = true;
    void killTree(shell.pid!);
  }, limitSeconds * 1000);
  try {
    const status = await new Promise((resolve, reject) => shell.once("error", reject).once("exit", resolve));
    const seconds = elapsed();
    if (status !== 0 && !isTimedOut)
      throw new Error(`${[file, ...args].join(" ")} ended with ${status}:\n${await said}`);
    const memory = memoryTenths(samples, seconds);
    return { seconds, cpuSeconds: childrenSeconds(await times), peakMiB, memory, isTimedOut };
  } finally {
    clearInterval(poll);
    clearTimeout(limit);
  }
}

/** Nothing of the user's own settings (PGOPTIONS, DBBACKUP_COMPRESSION) may change what is measured. */
function ownEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|DBBACKUP_)/.test(name)));
}

/** The second line of `times` is about children: `0m1.23s 0m0.45s`. */
function childrenSeconds(times: string): number {
  const line = times.trim().split("\n").at(-1) ?? "";
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, s]) => sum + 60 * Number(minutes) + Number(s),
    0,
  );
}

async function largestOfTree(pid: number): Promise<{ readonly peakMiB: number; readonly residentMiB: number }> {
  const [own, ...below] = await Promise.all([readProc(pid, "status"), ...(await childrenOf(pid)).map(largestOfTree)]);
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(own)?.[1] ?? 0);
  return {
    peakMiB: Math.max(kilobytes("VmHWM") / 1024, ...below.map((child) => child.peakMiB)),
    residentMiB: Math.max(kilobytes("VmRSS") / 1024, ...below.map((child) => child.residentMiB)),
  };
}

/** Children first, so that the shell cannot say how they ended as if they had by themselves. */
async function killTree(pid: number): Promise<void> {
  for (const child of await childrenOf(pid)) await killTree(child);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const children = await readProc(pid, `task/${pid}/children`);
  return children.split(" ").filter(Boolean).map(Number);
}

/** Empty when the process has just ended. */
function readProc(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}
