import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { BackupError } from "../core/backup-error.ts";
import type { ThrowawayOptions, ThrowawayServer } from "../ports/throwaway-server.ts";
import { type Launcher, withoutNetwork } from "./shut-off.ts";
import { keepOrder, type SupervisorOrder, type SupervisorReport, socketFolderName } from "./supervisor-messages.ts";
import { folderPrefix } from "./sweep-abandoned.ts";

/** The process, and a promise that settles when it is gone: then its server and folder are gone, too. */
interface Supervisor {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly reports: Interface;
  readonly gone: Promise<unknown>;
}

/** `sun_path` of a Unix socket holds 104 bytes on macOS, 108 on Linux, its final zero included. */
const maxSocketPath = 103;

/**
 * Starts a server under a supervisor process, in a new folder of the system's temporary folder, reachable over a Unix
 * socket only.
 * @throws BackupError IO when it did not start
 */
export async function startSupervised(
  server: SupervisorOrder["server"],
  signal: AbortSignal,
  options: ThrowawayOptions,
): Promise<ThrowawayServer> {
  const folder = join(tmpdir(), `${folderPrefix}${randomBytes(4).toString("hex")}`);
  await checkPlace(folder);
  signal.throwIfAborted();
  const { maxMemoryBytes, isForStrangers = false } = options;
  const order = { folder, server, ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }) };
  const supervisor = launch(order, isForStrangers ? await withoutNetwork() : undefined);
  let stoppedBecause: string | undefined;
  supervisor.reports.on("line", (line) => {
    const message = JSON.parse(line) as SupervisorReport;
    if (message.report === "stopped") stoppedBecause = message.message;
  });
  const stop = () => stopSupervisor(supervisor);
  signal.addEventListener("abort", stop);
  try {
    const { socketFolder, workFolder, port, user } = await untilReady(supervisor);
    signal.throwIfAborted();
    return {
      socketFolder,
      workFolder,
      port,
      user,
      stop,
      stoppedBecause: () => stoppedBecause,
      keep: () => keep(supervisor),
    };
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function checkPlace(folder: string): Promise<void> {
  if (Buffer.byteLength(join(folder, socketFolderName, ".s.PGSQL.5432")) > maxSocketPath) {
    throw new BackupError({
      code: "IO",
      message: `the path of the temporary folder "${tmpdir()}" is too long for a Unix socket`,
      hint: "set TMPDIR to a folder with a shorter path",
    });
  }
  if (process.getuid?.() !== 0) return;
  for (let parent = dirname(folder); parent !== dirname(parent); parent = dirname(parent)) {
    if (((await stat(parent)).mode & 0o001) !== 0) continue;
    throw new BackupError({
      code: "IO",
      message: `the server does not run as root, and other users may not enter "${parent}"`,
      hint: "set TMPDIR to a folder that every user may enter, such as /tmp",
    });
  }
}

function launch(order: SupervisorOrder, launcher: Launcher | undefined): Supervisor {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "mjs";
  const program = fileURLToPath(new URL(`./supervisor.${extension}`, import.meta.url));
  const [file, ...args] = [...(launcher === undefined ? [] : [launcher.file, ...launcher.args]), process.execPath];
  const child = spawn(file!, [...args, program, JSON.stringify(order)], {
    // A session of its own: Ctrl-C and a closing terminal reach us, and then it through the closing pipe.
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
    env: {},
    cwd: "/",
  });
  // Writing to one that is gone is no error: `gone` tells.
  child.stdin.on("error", () => {});
  const gone = once(child, "exit").catch(() => {});
  return { process: child, reports: createInterface({ input: child.stdout }), gone };
}

async function untilReady(supervisor: Supervisor): Promise<SupervisorReport & { report: "ready" }> {
  const message = await nextReport(supervisor);
  if (message?.report === "ready") return message;
  const details = message?.report === "failed" ? message.details : [];
  const reason = message !== undefined && "message" in message ? message.message : "no word from its supervisor";
  throw new BackupError({
    code: "IO",
    message: `the server did not start: ${reason}`,
    details,
    hint: "check that the temporary folder has room and allows programs to run, or set TMPDIR to another one",
  });
}

/** The next line that it says; nothing when it ends without one. */
async function nextReport(supervisor: Supervisor): Promise<SupervisorReport | undefined> {
  const [line] = (await Promise.race([
    once(supervisor.reports, "line"),
    once(supervisor.reports, "close"),
  ])) as string[];
  return line === undefined ? undefined : (JSON.parse(line) as SupervisorReport);
}

async function stopSupervisor(supervisor: Supervisor): Promise<void> {
  supervisor.process.stdin.end();
  await supervisor.gone;
}

async function keep(supervisor: Supervisor): Promise<number> {
  const answer = nextReport(supervisor);
  supervisor.process.stdin.write(keepOrder);
  if ((await answer)?.report !== "kept") {
    throw new BackupError({ code: "IO", message: "the server ended by itself" });
  }
  supervisor.process.stdin.destroy();
  supervisor.process.stdout.destroy();
  supervisor.process.unref();
  return supervisor.process.pid!;
}
