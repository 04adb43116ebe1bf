/**
 * A process that runs a stock program and outlives nobody: when its standard input ends, whatever the
 * reason (Ctrl-C, kill -9 of the one who started it), the program and its workers end, too. The program would notice that
 * by itself only when it next writes to us, and never when it writes into a folder.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type GuardOrder, NOT_STARTED, TOOL_INPUT } from "./guard-order.ts";

/** Tools cancel their queries at the first; who does not end within this time gets the next. */
const PATIENCE_MS = 2_000;
const POLL_MS = 20;
const signals = ["SIGINT", "SIGTERM", "SIGKILL"] as const;

const { file, args, hasInput, folder } = JSON.parse(process.argv[2] ?? "") as GuardOrder;

// What tools write into folders is for nobody else.
process.umask(0o077);
// A group of its own, so that its workers are reached, too.
const child = spawn(file, args, {
  stdio: [hasInput ? TOOL_INPUT : "ignore", "inherit", "inherit"],
  detached: true,
  cwd: "/",
});
let isAlone = false;
child.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = NOT_STARTED;
  process.stdin.destroy();
});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal!] ?? 0);
  void endWorkers().then(() => process.stdin.destroy());
});
for (const event of ["end", "error"] as const) process.stdin.on(event, () => void end());
process.stdin.resume();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) process.on(name, () => void end());

async function end(): Promise<void> {
  if (isAlone) return;
  isAlone = true;
  stop(child, 0);
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once("exit", resolve));
  await endWorkers();
  await rm(folder, { recursive: true, force: true });
  process.exit();
}

/** A worker that lost its leader has nobody to work for, but may still be telling the server to stop. */
async function endWorkers(): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS && signalGroup(0); waited += POLL_MS) await sleep(POLL_MS);
  signalGroup("SIGKILL");
}

function stop({ exitCode, signalCode }: ChildProcess, step: number): void {
  if (exitCode !== null || signalCode !== null || step >= signals.length) return;
  signalGroup(signals[step]!);
  setTimeout(() => stop(child, step + 1), PATIENCE_MS).unref();
}

/** @returns whether anybody was there to be signalled */
function signalGroup(signal: NodeJS.Signals | 0): boolean {
  try {
    return child.pid !== undefined && process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
