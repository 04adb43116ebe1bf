import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { builtProgram } from "./built-program.ts";
import { foreignVariables } from "./dbbackup.ts";

/** Ticks in which Linux tells CPU time. */
const TICKS_A_SECOND = 100;

/**
 * Peak resident memory, in bytes, and CPU time of a run of the program that must end with one of these exit statuses; of the last 50 ms of
 * it nothing may be known.
 */
export async function measured(
  args: readonly string[],
  statuses: readonly number[] = [0],
): Promise<{ readonly peak: number; readonly cpuSeconds: number; readonly stdout: string }> {
  const env = { ...process.env, ...foreignVariables };
  const child = spawn(process.execPath, [await builtProgram(), ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  let peak = 0;
  let cpuSeconds = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
      // Behind the name of the program, which may have spaces in it: utime and stime are the 12th and 13th.
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
      cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
    } catch {
      // It has just ended: the last look stands.
    }
  }, 50);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const [code] = await once(child, "close");
  clearInterval(timer);
  if (!statuses.includes(code as number)) throw new Error(`dbbackup ${args.join(" ")} ended with ${code}`);
  return { peak, cpuSeconds, stdout };
}
