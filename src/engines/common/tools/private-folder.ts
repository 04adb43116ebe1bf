import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const namePattern = /^dbbackup-tools-[0-9a-f]{16}$/;
const OWNER = "owner";
/** One without that file is not touched before this: it may just be made. */
const NEW_FOLDER_MS = 60_000;

/** A folder of the system's temporary folder that only this user may enter: for what a tool must be given as files. */
export class PrivateFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Removes first what runs left behind that were killed with -9. */
  static async create(): Promise<PrivateFolder> {
    const place = tmpdir();
    await sweep(place).catch(() => {}); // What others left is no reason to fail.
    const path = join(place, `dbbackup-tools-${randomBytes(8).toString("hex")}`);
    await mkdir(path, { mode: 0o700 });
    const folder = new PrivateFolder(path);
    await folder.write(OWNER, `${process.pid} ${await startOf(process.pid)}`);
    return folder;
  }

  /** Writes a file that only this user may read. @returns its path */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return path;
  }

  /** A path where nothing is: for tools that would else look at a place of their own. */
  nothing(name: string): string {
    return join(this.path, `no-${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function sweep(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    const folder = join(place, name);
    if (namePattern.test(name) && (await isAbandoned(folder))) await rm(folder, { recursive: true, force: true });
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) return false;
  const owner = await readFile(join(folder, OWNER), "latin1").catch(() => "");
  if (owner === "") return Date.now() - found.mtimeMs > NEW_FOLDER_MS;
  const [pid, start] = owner.split(" ");
  return (await startOf(Number(pid))) !== start;
}

/** When a process began that still runs, in the kernel's ticks: numbers are used again, the two together are not. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  if (stat === "") return isThere(pid) ? "unknown" : "gone";
  // The program's name, in brackets, may hold anything; the first word behind it is the state, the 20th the start.
  const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return words[0] === "Z" || words[0] === "X" ? "gone" : words[19]!;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
