import { join } from "node:path";
import { type Finished, type RunOptions, runProgram } from "./run-program.ts";

const launcher = join(import.meta.dirname, "../../bin/dbbackup.cjs");

/** Variables of the tester that would change what the program does. */
const cleared = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(DBBACKUP_|PG|NO_COLOR$|VITEST|NODE_OPTIONS$)/.test(name))
    .map((name) => [name, undefined]),
);

/** Runs the program as its users do, by its launcher. */
export async function runDbbackup(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return await runProgram(process.execPath, [launcher, ...args], { ...options, env: { ...cleared, ...options.env } });
}
