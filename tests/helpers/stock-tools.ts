import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { canFetchDebianPackages, DebianRelease } from "./debian-packages.ts";
import type { PostgresMajor } from "./postgres-packages.ts";
import { type Finished, mustRun, type RunOptions, runProgram } from "./run-program.ts";

/** The majors of PostgreSQL's own client programs that tests compare us with. */
export type StockMajor = 15 | 17 | 18;

export const stockMajors: readonly StockMajor[] = [15, 17, 18];

export type StockProgram = "psql" | "pg_dump" | "pg_restore" | "pg_dumpall" | "pg_basebackup" | "pgbench";

const RELEASES: Readonly<Record<StockMajor, string>> = { 15: "bookworm", 17: "trixie", 18: "sid" };

/** Taken from the server's package: the client's package has all others. */
const FROM_SERVER_PACKAGE = ["pgbench"];

const PLATFORMS: Readonly<Record<string, { readonly libraries: string; readonly loader: string }>> = {
  x64: { libraries: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { libraries: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" },
};

/**
 * Debian's programs need the C library of their release, so they run under that release's loader. A program that looks
 * for its neighbours (pg_dumpall for pg_dump) must find these wrappers and not what they wrap: hence --argv0.
 */
const WRAPPER = `#!/bin/sh
here=\${0%/*}/..
exec "$here/lib/LOADER" --argv0 "$0" --library-path "$here/lib" "$here/programs/\${0##*/}" "$@"
`;

/** PostgreSQL's own programs of one major. All methods answer how the program ended; none throws for its exit status. */
export interface StockTools {
  readonly major: StockMajor;
  /** The program's file, fetched first where needed; throws when it cannot be had on this machine. */
  path(program: StockProgram): Promise<string>;
  run(program: StockProgram, args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** As `run`, but any exit status other than 0 throws with what the program said. */
  must(program: StockProgram, args: readonly string[], options?: RunOptions): Promise<Finished>;
}

export function stock(major: StockMajor): StockTools {
  const path = (program: StockProgram) => stockProgram(major, program);
  return {
    major,
    path,
    run: async (program, args, options) => runProgram(await path(program), args, plain(options)),
    must: async (program, args, options) => mustRun(await path(program), args, plain(options)),
  };
}

/** The stock tools that belong to a server: its own major, or the nearest newer one that we have. */
export function stockFor(server: PostgresMajor): StockTools {
  return stock(stockMajors.find((major) => major >= server)!);
}

/** Nothing of the user's own settings (PGHOST, PGUSER, services, translations) may reach a test. */
function plain(options: RunOptions = {}): RunOptions {
  const inherited = Object.keys(process.env).filter((name) => name.startsWith("PG"));
  const removed = Object.fromEntries(inherited.map((name) => [name, undefined]));
  return { ...options, env: { ...removed, LC_ALL: "C", ...options.env } };
}

async function stockProgram(major: StockMajor, program: StockProgram): Promise<string> {
  const path = join(stockFolder(major), "bin", program);
  if (existsSync(path)) return path;
  if (await canFetchDebianPackages()) {
    await installStockTools(major);
    return path;
  }
  const found = await onPath(major, program);
  if (found === undefined) throw new Error(`stock ${program} ${major} cannot be fetched here and is not on PATH`);
  return found;
}

/** What of `major` cannot be had on this machine: neither as Debian packages nor on PATH. */
export async function missingStockTools(major: StockMajor): Promise<StockProgram[]> {
  if (existsSync(stockFolder(major)) || (await canFetchDebianPackages())) return [];
  const programs: StockProgram[] = ["psql", "pg_dump", "pg_restore", "pg_dumpall", "pg_basebackup", "pgbench"];
  const found = await Promise.all(programs.map((program) => onPath(major, program)));
  return programs.filter((_, index) => found[index] === undefined);
}

/** Fetches them into the cache folder. Answers whether there was anything to do. */
export async function installStockTools(major: StockMajor): Promise<boolean> {
  return buildOnce(stockFolder(major), (folder) => fetchStockTools(major, folder));
}

function stockFolder(major: StockMajor): string {
  return join(cacheFolder(), "stock", `${process.platform}-${process.arch}-${major}`);
}

async function fetchStockTools(major: StockMajor, folder: string): Promise<void> {
  const platform = PLATFORMS[process.arch];
  if (platform === undefined) throw new Error(`no stock PostgreSQL tools for ${process.arch}`);
  const work = join(folder, ".fetch");
  // The common package is Perl scripts that choose between installed majors, and would bring Perl along.
  const debian = await DebianRelease.open(RELEASES[major], work, ["postgresql-client-common"]);
  const root = join(work, "root");
  await debian.unpackWithDependencies([`postgresql-client-${major}`], root);
  const server = join(work, "server");
  await debian.unpack([`postgresql-${major}`], server);

  const programs = join("usr", "lib", "postgresql", `${major}`, "bin");
  await rename(join(root, programs), join(folder, "programs"));
  for (const name of FROM_SERVER_PACKAGE) await rename(join(server, programs, name), join(folder, "programs", name));
  await mkdir(join(folder, "lib"));
  for (const libraries of [join(root, "lib"), join(root, "usr", "lib")]) {
    const from = join(libraries, platform.libraries);
    for (const name of existsSync(from) ? await readdir(from) : []) {
      if (/\.so(\.|$)/.test(name)) await rename(join(from, name), join(folder, "lib", name));
    }
  }
  await mkdir(join(folder, "bin"));
  for (const name of await readdir(join(folder, "programs"))) {
    await writeFile(join(folder, "bin", name), WRAPPER.replace("LOADER", platform.loader));
    await chmod(join(folder, "bin", name), 0o755);
  }
  await mustRun(join(folder, "bin", "pg_dump"), ["--version"]);
  await rm(work, { recursive: true });
}

async function onPath(major: StockMajor, program: StockProgram): Promise<string | undefined> {
  const folders = [`/usr/lib/postgresql/${major}/bin`, ...(process.env.PATH ?? "").split(delimiter)];
  for (const path of folders.map((folder) => join(folder, program)).filter((candidate) => existsSync(candidate))) {
    const { stdout } = await runProgram(path, ["--version"]);
    if (stdout.toString().includes(`(PostgreSQL) ${major}.`)) return path;
  }
  return undefined;
}
