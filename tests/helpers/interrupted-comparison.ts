import { spawn } from "node:child_process";
import { builtProgram } from "./built-program.ts";
import { foreignVariables } from "./dbbackup.ts";

/**
 * Runs `compare` and kills it with SIGKILL once it tells of so many rows.
 * @returns whether it was killed before its end
 */
export async function killCompare(args: readonly string[], rows: number): Promise<boolean> {
  const program = await builtProgram();
  const child = spawn(process.execPath, [program, "compare", ...args, "--progress", "json"], {
    env: { ...process.env, ...foreignVariables },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (piece: Buffer) => {
    text += piece.toString();
    const told = [...text.matchAll(/"event":"progress".*?"rows":(\d+)/g)].at(-1)?.[1];
    if (Number(told ?? 0) >= rows) child.kill("SIGKILL");
  });
  return await new Promise((resolve) => child.once("close", (_, signal) => resolve(signal === "SIGKILL")));
}
