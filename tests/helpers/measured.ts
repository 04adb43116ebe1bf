import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { builtProgram } from "./built-program.ts";
import { foreignVariables } from "./dbbackup.ts";

/** Peak resident memory, in bytes, of a run of the program that must succeed. */
export async function measured(args: readonly string[]): Promise<{ readonly peak: number; readonly stdout: string }> {
  const env = { ...process.env, ...foreignVariables };
  const child = spawn(process.execPath, [await builtProgram(), ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
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
  if (code !== 0) throw new Error(`dbbackup ${args.join(" ")} ended with ${code}`);
  return { peak, stdout };
}
