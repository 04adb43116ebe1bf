import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/** What a program cost. */
export interface MeasuredRun {
  readonly seconds: number;
  /** User and system time of the program and all its children. */
  readonly cpuSeconds: number;
  /** Largest peak of resident memory (VmHWM) of one of its processes. */
  readonly peakMiB: number;
}

export interface RunSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The kernel keeps the peak, so this only must not miss the last growth before the end by much. */
const MEMORY_POLL_MS = 20;

/**
 * Runs a program to its end and says what it took. A shell waits for it, because `times` is the one way to the CPU time
 * of ended children that is everywhere; the arguments go past the shell's eyes as positional parameters.
 */
export async function measuredRun({ file, args, env = {} }: RunSpec): Promise<MeasuredRun> {
  const script = '"$@" >/dev/null; status=$?; times >&3; exit $status';
  const started = process.hrtime.bigint();
  const shell = spawn("/bin/sh", ["-c", script, "sh", file, ...args], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const said = text(shell.stderr!);
  const times = text(shell.stdio[3] as Readable);
  let peakKiB = 0;
  const poll = setInterval(() => {
    void peakOfTree(shell.pid!).then((peak) => {
      peakKiB = Math.max(peakKiB, peak);
    });
  }, MEMORY_POLL_MS);
  try {
    const status = await new Promise((resolve, reject) => shell.once("error", reject).once("exit", resolve));
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    if (status !== 0) throw new Error(`${[file, ...args].join(" ")} ended with ${status}:\n${await said}`);
    return { seconds, cpuSeconds: childrenSeconds(await times), peakMiB: peakKiB / 1024 };
  } finally {
    clearInterval(poll);
  }
}

/** The second line of `times` is about children: `0m1.23s 0m0.45s`. */
function childrenSeconds(times: string): number {
  const line = times.trim().split("\n").at(-1) ?? "";
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, s]) => sum + 60 * Number(minutes) + Number(s),
    0,
  );
}

async function peakOfTree(pid: number): Promise<number> {
  const children = await readProc(pid, `task/${pid}/children`);
  const peaks = await Promise.all(
    children
      .split(" ")
      .filter(Boolean)
      .map((child) => peakOfTree(Number(child))),
  );
  const own = /VmHWM:\s+(\d+) kB/.exec(await readProc(pid, "status"));
  return Math.max(0, ...peaks, Number(own?.[1] ?? 0));
}

/** Empty when the process has just ended. */
function readProc(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}
