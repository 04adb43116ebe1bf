import type { TestContext } from "vitest";
import { mustRun } from "./run-program.ts";

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
  return { [Symbol.asyncDispose]: async () => void (await mustRun("umount", [folder])) };
}
