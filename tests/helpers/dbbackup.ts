import { builtProgram } from "./built-program.ts";
import { type Finished, type RunOptions, runProgram } from "./run-program.ts";

/** Variables of libpq, of MySQL's clients and of ours that a developer's shell may hold, so that tests see what they set and nothing else. */
export const foreignVariables: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => /^(PG|MYSQL|MARIADB|DBBACKUP_)/.test(name))
      .map((name) => [name, undefined]),
  ),
  // That of who runs the tests is none of theirs.
  DBBACKUP_CATALOGUE: "none",
};

/**
 * Runs the program as a user would, in a process of its own. Any exit status is an answer. The launcher needs no second
 * process here, since tests run under a Node that is new enough.
 * @param nodeArgs go before the program, as `--import` does
 */
export async function dbbackup(
  args: readonly string[],
  options: RunOptions = {},
  nodeArgs: readonly string[] = [],
): Promise<Finished> {
  const env = { ...foreignVariables, ...options.env };
  return runProgram(process.execPath, [...nodeArgs, await builtProgram(), ...args], { ...options, env });
}

/** As {@link dbbackup}, for commands that must succeed: any other exit status throws with what was printed. */
export async function mustDbbackup(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const result = await dbbackup(args, options);
  if (result.status === 0) return result;
  throw new Error(`dbbackup ${args.join(" ")} ended with ${result.status}:\n${result.stderr}${result.stdout}`);
}
