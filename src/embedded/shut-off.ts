import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";

/** A command to start another one with. */
export interface Launcher {
  readonly file: string;
  readonly args: readonly string[];
}

const programs = ["/usr/bin/unshare", "/bin/unshare"];

/**
 * What starts a program without any network, where this machine and user may: a namespace of its own that holds none.
 * Unix sockets still reach it. Undefined elsewhere.
 */
export async function withoutNetwork(): Promise<Launcher | undefined> {
  const args = process.getuid?.() === 0 ? ["--net", "--"] : ["--user", "--map-current-user", "--net", "--"];
  for (const file of programs) {
    try {
      await access(file);
    } catch {
      continue;
    }
    if (await works({ file, args })) return { file, args };
  }
  return undefined;
}

async function works({ file, args }: Launcher): Promise<boolean> {
  const child = spawn(file, [...args, process.execPath, "--version"], { stdio: "ignore", env: {} });
  const [status] = (await once(child, "exit").catch(() => [1])) as [number | null];
  return status === 0;
}
