import { createInterface } from "node:readline/promises";
import { BackupError } from "../core/backup-error.ts";
import type { Prompt } from "../ports/interview.ts";

/** Asks at the terminal that standard input is; undefined when it is none. What is asked goes to standard error. */
export function openPrompt(): Prompt | undefined {
  if (process.stdin.isTTY !== true) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const interruption = new AbortController();
  const interrupt = (what: string) =>
    interruption.abort(new BackupError({ code: "INTERRUPTED", message: `interrupted by ${what}; nothing was done` }));
  // In raw mode Ctrl-C is a character, and no signal.
  lines.on("SIGINT", () => interrupt("Ctrl-C"));
  lines.on("close", () => interrupt("the end of the input"));
  return {
    async ask(text, signal) {
      const all = AbortSignal.any([signal, interruption.signal]);
      try {
        return await lines.question(text, { signal: all });
      } catch (error) {
        throw all.aborted ? all.reason : error;
      }
    },
    [Symbol.dispose]: () => lines.close(),
  };
}
