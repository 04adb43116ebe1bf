import { setTimeout as sleep } from "node:timers/promises";
import type { TestContext } from "vitest";
import { mustRun, runProgram } from "./run-program.ts";

const UNMOUNTS_WITHIN_MS = 10_000;

/** Mounting a small file system takes root: elsewhere the test says so loudly, and in CI it fails. */
export function requireRoot(context: TestContext): void {
  if (process.getuid?.() === 0) return;
  if (process.env.CI === "true") throw new Error("only root can mount a small file system");
  console.warn(`SKIPPED "${context.task.name}": only root can mount a small file system`);
  context.skip();
}

/** Mounts a file system of a few MiB on a folder until it is disposed of. @param options `2m`, or `2m,uid=65534` */
export async function withSmallDisk(folder: string, options: string): Promise<AsyncDisposable> {
  await mustRun("mount", ["-t", "tmpfs", "-o", `size=${options}`, "none", folder]);
  return { [Symbol.asyncDispose]: () => unmount(folder) };
}

/** A server may hold a file of a client for a moment after that one has gone. */
async function unmount(folder: string): Promise<void> {
  for (const end = Date.now() + UNMOUNTS_WITHIN_MS; Date.now() < end; await sleep(50)) {
    if ((await runProgram("umount", [folder])).status === 0) return;
  }
  await mustRun("umount", [folder]);
}
