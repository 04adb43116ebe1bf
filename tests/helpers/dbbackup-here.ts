import { Writable } from "node:stream";
import type { WriteStream } from "node:tty";
import { runCli } from "../../src/frontends/cli/run-cli.ts";
import { createServices } from "../../src/main/services.ts";
import { usualRetries } from "../../src/storage/object/retrying-store.ts";
import { foreignVariables } from "./dbbackup.ts";
import type { Finished } from "./run-program.ts";

/** The usual ones, with pauses of a tenth. */
const retries = { ...usualRetries, firstPauseMs: 20, longestPauseMs: 2000 };

/** Sets variables of this process until it is disposed of. */
export function withVariables(variables: Readonly<Record<string, string | undefined>>): Disposable {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  setVariables(Object.entries(variables));
  return { [Symbol.dispose]: () => setVariables(before) };
}

function setVariables(variables: Iterable<readonly [string, string | undefined]>): void {
  for (const [name, value] of variables) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** A command that starts a server of its own hides the user's settings from the process, for as long as this lives. */
export function keptVariables(): Disposable {
  const before = Object.entries(process.env);
  return {
    [Symbol.dispose]: () => {
      for (const name of Object.keys(process.env)) if (name.startsWith("PG")) delete process.env[name];
      setVariables(before.filter(([name]) => name.startsWith("PG")));
    },
  };
}

/**
 * Runs a command in this process, from the sources: a start of the program costs 0.4 s of CPU, which is most of what a small
 * backup takes. What the process itself does (signals, its launcher, its end) is not there, and its variables are those of
 * this one: see `withVariables`. Requests to repositories are repeated as often as usual, and sooner.
 */
export async function dbbackupHere(args: readonly string[]): Promise<Finished> {
  const [stdout, stderr] = [gathering(), gathering()];
  using _ = keptVariables();
  const status = await runCli({
    args,
    environment: { ...process.env, ...foreignVariables },
    stdout,
    stderr: stderr as Writable as WriteStream,
    signal: new AbortController().signal,
    services: createServices(retries),
  });
  return { status, stdout: stdout.all(), stderr: stderr.all().toString() };
}

function gathering(): Writable & { all(): Buffer; isTTY: false } {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write: (piece: Buffer, _, done) => {
      pieces.push(piece);
      done();
    },
  });
  return Object.assign(stream, { all: () => Buffer.concat(pieces), isTTY: false as const });
}

/** As {@link dbbackupHere}, for commands that must succeed: any other exit status throws with what was printed. */
export async function mustDbbackupHere(args: readonly string[]): Promise<Finished> {
  const result = await dbbackupHere(args);
  if (result.status === 0) return result;
  throw new Error(`dbbackup ${args.join(" ")} ended with ${result.status}:\n${result.stderr}${result.stdout}`);
}
