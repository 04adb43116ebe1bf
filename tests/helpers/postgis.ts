import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { DebianRelease } from "./debian-packages.ts";

/** The major version that Debian 12 has PostGIS for. */
export const postgisMajor = 15;

/** Needed by scripts and by just-in-time compilation, which tests do not run. */
const NOT_FETCHED = ["adduser", "libllvm14", "postgresql-client-common", "postgresql-common", "ssl-cert", "tzdata"];

const MACHINES: Readonly<Record<string, { readonly libraries: string; readonly loader: string }>> = {
  x64: { libraries: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { libraries: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" },
};

/** Runs the server under the C library of its release. `--argv0` tells it where its own files are. */
const WRAPPER = `#!/bin/sh
root=\${0%/*}/../root
server=$root/usr/lib/postgresql/${postgisMajor}/bin/postgres
system=$root/usr/lib/LIBRARIES
libraries=$root/lib/LIBRARIES:$system:$system/blas:$system/lapack:$root/usr/lib
exec "$root/lib/LIBRARIES/LOADER" --argv0 "$server" --library-path "$libraries" "$server" "$@"
`;

/** The folder with `bin/postgres` of a server that has PostGIS with all its parts; fetched first where needed (110 MB). */
export async function postgisBinaries(): Promise<string> {
  await installPostgis();
  return folderOfBinaries();
}

/** Fetches it into the cache folder. Answers whether there was anything to do. */
export async function installPostgis(): Promise<boolean> {
  return buildOnce(folderOfBinaries(), async (folder) => {
    const machine = MACHINES[process.arch];
    if (machine === undefined) throw new Error(`no PostGIS for ${process.arch}`);
    const work = join(folder, ".fetch");
    const debian = await DebianRelease.open("bookworm", work, NOT_FETCHED);
    const packages = [`postgresql-${postgisMajor}`, `postgresql-${postgisMajor}-postgis-3`];
    await debian.unpackWithDependencies(packages, join(work, "root"));
    for (const part of ["lib", "usr/lib", "usr/share"]) {
      await mkdir(join(folder, "root", part, ".."), { recursive: true });
      await rename(join(work, "root", part), join(folder, "root", part));
    }
    await nameExtensions(join(folder, "root", "usr", "share", "postgresql", `${postgisMajor}`, "extension"));
    const wrapper = WRAPPER.replaceAll("LIBRARIES", machine.libraries).replaceAll("LOADER", machine.loader);
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin", "postgres"), wrapper);
    await chmod(join(folder, "bin", "postgres"), 0o755);
    await rm(work, { recursive: true });
  });
}

/** What the packages' own set-up does: `postgis-3.control` of a release is the `postgis.control` of the system. */
async function nameExtensions(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith("-3.control")) await symlink(name, join(folder, name.replace("-3.control", ".control")));
  }
}

function folderOfBinaries(): string {
  return join(cacheFolder(), `postgis-${process.platform}-${process.arch}-${postgisMajor}`);
}
