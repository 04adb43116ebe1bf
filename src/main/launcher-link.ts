import { readSync } from "node:fs";
import { Socket } from "node:net";

/** The launcher passes the arguments over this file descriptor (see bin/dbbackup.cjs). */
const LAUNCHER_FD = 3;
const LAUNCHER_ARGUMENT = "--arguments-from-launcher";
/** The kernel's own limit on a command line is 2 MiB; JSON escapes can make it six times longer. */
const MAX_ARGUMENT_BYTES = 16 << 20;

export interface LauncherEvents {
  /** The launcher got a signal and passes it on. */
  signal(name: string): void;
  /** The launcher is gone, kill -9 included. */
  gone(): void;
}

/** How the program was started: its arguments, and the link to the launcher when there is one. */
export interface Start {
  readonly args: readonly string[];
  /** Tells about signals and the end of the launcher; does not keep the process alive. */
  watchLauncher(events: LauncherEvents): void;
}

/** Reads how we were started: by the launcher (arguments over a pipe) or directly (argv). */
export function readStart(argv: readonly string[]): Start {
  if (argv.length !== 3 || argv[2] !== LAUNCHER_ARGUMENT) {
    return { args: argv.slice(2), watchLauncher: () => {} };
  }
  // Not for our own children: it would only repeat what we know.
  delete process.env.NODE_COMPILE_CACHE;
  const { line, rest } = readFirstLine();
  return { args: JSON.parse(line) as string[], watchLauncher: (events) => watch(events, rest) };
}

function readFirstLine(): { line: string; rest: string } {
  const chunk = Buffer.alloc(64 << 10);
  let text = Buffer.alloc(0);
  while (!text.includes(0x0a)) {
    const count = readSync(LAUNCHER_FD, chunk);
    if (count === 0 || text.length > MAX_ARGUMENT_BYTES) throw new Error("the launcher sent no arguments");
    text = Buffer.concat([text, chunk.subarray(0, count)]);
  }
  const end = text.indexOf(0x0a);
  return { line: text.toString("utf8", 0, end), rest: text.toString("utf8", end + 1) };
}

function watch(events: LauncherEvents, rest: string): void {
  const socket = new Socket({ fd: LAUNCHER_FD, readable: true, writable: false });
  socket.setEncoding("utf8");
  let pending = rest;
  const take = (text: string): void => {
    pending += text;
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) events.signal(JSON.parse(line) as string);
  };
  take("");
  socket.on("data", take);
  socket.on("error", () => {}); // "close" follows.
  socket.on("close", () => events.gone());
  socket.unref();
}
