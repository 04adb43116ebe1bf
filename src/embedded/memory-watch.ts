import { readFile } from "node:fs/promises";

/** How often it looks: what takes memory faster than the limit allows in between is the kernel's to stop. */
const lookEveryMs = 200;
/** More processes than a server of ours has connections are not followed. */
const maxProcesses = 1000;

/**
 * Watches what a process and all that descend from it take of the machine's memory.
 * @param onExceeded called once, with the bytes that were taken
 * @returns ends the watch
 */
export function watchMemory(pid: number, limit: number, onExceeded: (bytes: number) => void): () => void {
  let isOver = false;
  const look = async (): Promise<void> => {
    const bytes = await memoryOf(await descendantsOf(pid));
    if (isOver || bytes <= limit) return;
    isOver = true;
    onExceeded(bytes);
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

async function descendantsOf(pid: number): Promise<number[]> {
  const found = [pid];
  for (let at = 0; at < found.length && found.length < maxProcesses; at++) {
    const children = await readFile(`/proc/${found[at]}/task/${found[at]}/children`, "latin1").catch(() => "");
    found.push(...children.split(" ").filter(Boolean).map(Number));
  }
  return found;
}

/** What each has for itself, and what they share once. */
async function memoryOf(pids: readonly number[]): Promise<number> {
  let own = 0;
  let shared = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
    own += kibibytes(status, "RssAnon");
    shared = Math.max(shared, kibibytes(status, "RssShmem") + kibibytes(status, "RssFile"));
  }
  return (own + shared) * 1024;
}

function kibibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
}
