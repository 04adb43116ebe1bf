/**
 * Loaded into a process under test by `node --import`: makes the N-th call of a file system function fail, or kills the
 * process right before or after it. The program itself knows nothing of it.
 *
 * `DBBACKUP_TEST_FAULT` is `kill-before:step:N`, `kill-after:step:N`, an errno and a step as `ENOSPC:step:N` (from that
 * call on) or `once-EIO:step:N` (that call alone), `short:write:N` (from that call on a write takes a part of what it is given),
 * or `count:step`, which prints how many calls there were on stderr at exit. A step is a name below, or `any`.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [action = "", wanted = "", numberText = "0"] = (process.env.DBBACKUP_TEST_FAULT ?? "").split(":");
const number = Number(numberText);
let calls = 0;

type Call = (...args: unknown[]) => Promise<unknown>;

function dieNow(): void {
  process.kill(process.pid, "SIGKILL");
  // The signal is delivered before this returns to JavaScript; nothing more may happen in any case.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function watched(step: string, original: Call): Call {
  return async function faulty(this: unknown, ...args: unknown[]) {
    if (wanted !== step && wanted !== "any") return watchHandle(step, await original.apply(this, args));
    const call = ++calls;
    beforeCall(step, call);
    const isShort = action === "short" && step === "write" && call >= number;
    try {
      return watchHandle(step, await original.apply(this, isShort ? shortened(args) : args));
    } finally {
      if (action === "kill-after" && call === number) dieNow();
    }
  };
}

/** @param args as FileHandle.write takes them: bytes, from where, how many, to where */
function shortened([bytes, offset, count, position]: unknown[]): unknown[] {
  return [bytes, offset, Math.ceil((count as number) / 3), position];
}

/** Each handle has a close function of its own. */
function watchHandle(step: string, result: unknown): unknown {
  if (step === "open") watch(result as object, "close", "close");
  return result;
}

function beforeCall(step: string, call: number): void {
  if (action === "kill-before" && call === number) dieNow();
  const isOnce = action.startsWith("once-");
  const code = isOnce ? action.slice("once-".length) : action;
  if (!/^E[A-Z]+$/.test(code) || (isOnce ? call !== number : call < number)) return;
  throw Object.assign(new Error(`${code}: injected, ${step}`), { code, syscall: step });
}

function watch(owner: object, name: string, step: string): void {
  const target = owner as Record<string, Call>;
  target[name] = watched(step, target[name]!);
}

if (action !== "") {
  const handle = await fs.promises.open(process.execPath, "r");
  const handlePrototype = Object.getPrototypeOf(handle) as object;
  await handle.close();
  for (const [name, step] of [
    ["write", "write"],
    ["sync", "fsync"],
    ["appendFile", "append"],
  ] as const) {
    watch(handlePrototype, name, step);
  }
  for (const name of ["open", "link", "unlink", "mkdir", "rmdir", "rename"]) watch(fs.promises, name, name);
  syncBuiltinESMExports();
  if (action === "count") process.on("exit", () => void fs.writeSync(2, `calls:${calls}\n`));
}
