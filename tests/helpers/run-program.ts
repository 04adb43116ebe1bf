import { spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";

/** How a program ended. `status` is 128 + signal number where a signal ended it, as shells say it. */
export interface Finished {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  /** Added to our own environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Bytes for stdin; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /** Write stdout into this file instead of gathering it. */
  readonly stdoutFile?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly signal?: AbortSignal;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program to its end, without a shell. Any exit status is an answer; only a program that cannot start throws. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(file, args, {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let outputFile: WriteStream | undefined;
  if (options.stdoutFile === undefined) child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  else outputFile = child.stdout.pipe(createWriteStream(options.stdoutFile));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A program may end without reading all its input; its exit status tells the story, not our broken pipe.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0)));
  });
  if (outputFile !== undefined) await finished(outputFile);
  return { status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

/** As {@link runProgram}, for programs that must succeed: any other status throws with what it printed. */
export async function mustRun(file: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const result = await runProgram(file, args, options);
  if (result.status !== 0) {
    const said = `${result.stderr}${result.stdout.toString("utf8", 0, 4000)}`.trim();
    throw new Error(`${[file, ...args].join(" ")} ended with ${result.status}:\n${said}`);
  }
  return result;
}
