import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 15;
/** Files of a server are thousands. */
const POLLS_FOR_FILES = 5;
const MAX_FILE_BYTES = 1024 * 1024;

/** What a run left where others could see it. */
export interface WatchedRun {
  readonly status: number;
  /** Both outputs. */
  readonly output: string;
  /** Command lines and environments of everything that it started. */
  readonly started: string;
  /** Beginnings of all files below the folders, as they were at some time. */
  readonly files: string;
}

/**
 * Runs a program, and looks at /proc and at folders again and again until it has ended. What lives for some milliseconds only can
 * be missed; servers and tools that a run starts live longer.
 */
export async function watchedRun(
  [program, ...args]: readonly [string, ...string[]],
  {
    env,
    folders,
    input = "",
  }: { readonly env: NodeJS.ProcessEnv; readonly folders: readonly string[]; readonly input?: string },
): Promise<WatchedRun> {
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => output.push(piece));
  child.stderr.on("data", (piece: Buffer) => output.push(piece));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const closed = once(child, "close");
  const processes = new Set<string>();
  const files = new Map<string, string>();
  for (let poll = 0; child.exitCode === null && child.signalCode === null; poll++) {
    lookAtChildren(child.pid!, processes);
    if (poll % POLLS_FOR_FILES === 0) for (const folder of folders) lookAtFiles(folder, files);
    await sleep(POLL_MS);
  }
  for (const folder of folders) lookAtFiles(folder, files);
  const [code] = (await closed) as [number | null];
  return {
    status: code ?? 128,
    output: Buffer.concat(output).toString("latin1"),
    started: [...processes].join("\n"),
    files: [...files].map((entry) => entry.join("\n")).join("\n"),
  };
}

function lookAtChildren(parent: number, found: Set<string>): void {
  const parentCommand = read(parent, "cmdline");
  for (const pid of read(parent, `task/${parent}/children`).split(" ").map(Number)) {
    if (pid === 0) continue;
    const command = read(pid, "cmdline");
    // Between fork and exec it is an image of its parent, with the parent's own environment.
    if (command === parentCommand) continue;
    found.add(command);
    found.add(read(pid, "environ"));
    lookAtChildren(pid, found);
  }
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return ""; // Ended.
  }
}

function lookAtFiles(folder: string, found: Map<string, string>): void {
  let entries: readonly string[];
  try {
    entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return; // Gone meanwhile.
  }
  for (const entry of entries) {
    const path = join(folder, entry);
    try {
      const stats = statSync(path);
      if (!stats.isFile() || stats.size > MAX_FILE_BYTES) continue;
      const state = `${path} ${stats.size} ${stats.mtimeMs}`;
      if (!found.has(state)) found.set(state, readFileSync(path, "latin1"));
    } catch {
      // Gone meanwhile.
    }
  }
}
