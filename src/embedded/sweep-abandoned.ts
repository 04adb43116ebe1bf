import { lstat, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Begins the names of our folders; eight random hexadecimal digits follow. Short: the paths of sockets must be. */
export const folderPrefix = "dbbackup-";

const ourName = /^dbbackup-[0-9a-f]{8}$/;
/** Says which supervisor a folder belongs to. */
const ownerFile = "owner";
/** A folder without that file is not touched before this: its supervisor may just be about to write it. */
const newFolderMs = 60_000;
const stopWithinMs = 5_000;
const pollMs = 50;

/** Writes into `folder` that it belongs to this process. */
export async function claimFolder(folder: string): Promise<void> {
  await writeFile(join(folder, ownerFile), `${process.pid} ${await startOf(process.pid)}`);
}

/**
 * Stops the servers and removes the folders in `place` whose supervisor was killed with -9: everybody else cleans up
 * after himself. Folders of other users are left alone.
 */
export async function sweepAbandoned(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    const folder = join(place, name);
    if (!ourName.test(name) || !(await isAbandoned(folder))) continue;
    await stopServer(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) return false;
  const owner = await readFile(join(folder, ownerFile), "latin1").catch(() => undefined);
  if (owner === undefined) return Date.now() - found.mtimeMs > newFolderMs;
  const [pid, start] = owner.split(" ");
  return (await startOf(Number(pid))) !== start;
}

/**
 * When a process that still runs started, in the kernel's ticks: numbers of processes are used again, the two together
 * are not. A zombie runs no more, and one without a parent may stay for long where process 1 is slow to collect it.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The program's name, in brackets, may hold anything; the first word behind it is the state, the 20th the start.
  const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return words[0] === "Z" || words[0] === "X" ? undefined : words[19];
}

async function stopServer(folder: string): Promise<void> {
  const data = join(folder, "data");
  const pid = (await pidIn(join(data, "postmaster.pid"))) ?? (await pidIn(join(data, "server.pid"))) ?? 0;
  const runs = async (): Promise<boolean> => pid > 1 && (await readlink(`/proc/${pid}/cwd`).catch(() => "")) === data;
  for (const signal of ["SIGQUIT", "SIGKILL"] as const) {
    if (!(await runs())) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < stopWithinMs && (await runs()); waited += pollMs) await sleep(pollMs);
  }
}

/** The first line of a server's pid file. */
async function pidIn(file: string): Promise<number | undefined> {
  const text = await readFile(file, "latin1").catch(() => undefined);
  return text === undefined ? undefined : Number(text.split("\n")[0]);
}
