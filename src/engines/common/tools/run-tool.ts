import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { BackupError } from "../../../core/backup-error.ts";
import type { FoundTool } from "./find-tool.ts";
import { type GuardOrder, NOT_STARTED } from "./guard-order.ts";
import type { PrivateFolder } from "./private-folder.ts";

/** Reads what a program says, line by line. */
export interface MessageReader {
  add(line: string): void;
}

export interface ToolJob {
  readonly tool: Pick<FoundTool<string, unknown>, "path">;
  /** Seen by everybody on this machine: no secrets. */
  readonly args: readonly string[];
  /** The tool's whole environment, beside PATH and the language of its messages. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder: PrivateFolder;
  readonly searchPath: string;
  /** Standard input of the tool: a pipe, an open file, or nothing. */
  readonly input?: "pipe" | number;
  readonly messages: MessageReader;
  readonly signal: AbortSignal;
}

/** A tool that runs. */
export interface RunningTool {
  readonly stdout: Readable;
  /** Of a job whose input is a pipe. */
  readonly stdin: Writable;
  /** Its exit status, once it is gone and all it wrote was read. Never rejects. */
  readonly ended: Promise<number>;
  /** Ends it with all its workers. Safe to repeat. */
  stop(): Promise<void>;
}

/** Starts a stock program under a guard, which ends it when we end, however that happens. */
export function startTool({
  tool,
  args,
  environment,
  folder,
  searchPath,
  input,
  messages,
  signal,
}: ToolJob): RunningTool {
  signal.throwIfAborted();
  const order: GuardOrder = { file: tool.path, args, hasInput: input !== undefined, folder: folder.path };
  const child = spawn(process.execPath, [guardProgram(), JSON.stringify(order)], {
    // A session of its own: Ctrl-C reaches us, and then it through the closing pipe.
    detached: true,
    stdio: ["pipe", "pipe", "pipe", input ?? "ignore"],
    env: { ...environment, PATH: searchPath, LC_ALL: "C" },
    cwd: "/",
  });
  const stdin = (input === "pipe" ? child.stdio[3] : null) as Writable | null;
  // Its exit status tells the story, not our broken pipe.
  for (const stream of [child.stdin!, stdin]) stream?.on("error", () => {});
  const lines = createInterface({ input: child.stderr! });
  lines.on("line", (line) => messages.add(line));
  const ended = once(child, "close").then(
    ([code]) => (code as number | null) ?? NOT_STARTED,
    () => NOT_STARTED,
  );
  const stop = async (): Promise<void> => {
    child.stdin!.end();
    child.stdout!.destroy();
    await ended;
  };
  const onAbort = (): void => void stop();
  signal.addEventListener("abort", onAbort, { once: true });
  void ended.then(() => signal.removeEventListener("abort", onAbort));
  return { stdout: child.stdout!, stdin: stdin!, ended, stop };
}

/** Waits for the end of a tool that was started in vain, too. @throws BackupError IO */
export async function statusOf({ path }: ToolJob["tool"], running: RunningTool): Promise<number> {
  const status = await running.ended;
  if (status !== NOT_STARTED) return status;
  throw new BackupError({
    code: "IO",
    message: `"${path}" could not be started`,
    hint: "run it with --version to see why",
  });
}

function guardProgram(): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "mjs";
  const name = extension === "ts" ? "./guard.ts" : "./tool-guard.mjs";
  return fileURLToPath(new URL(name, import.meta.url));
}
