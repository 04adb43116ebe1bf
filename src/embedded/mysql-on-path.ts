import { access, constants, realpath } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { BackupError } from "../core/backup-error.ts";
import type { ThrowawayOptions, ThrowawayServer } from "../ports/throwaway-server.ts";
import { mysqlSocketName } from "./mysql-plan.ts";
import { startSupervised } from "./start-supervised.ts";

/** Servers lie where root's programs do, which is not on everybody's PATH. */
const moreFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin"];

const programs = {
  mysql: { server: ["mysqld"], install: [] },
  mariadb: { server: ["mariadbd", "mysqld"], install: ["mariadb-install-db", "mysql_install_db"] },
} as const;

/**
 * Starts the MySQL or MariaDB server that this machine has, without a network.
 * @throws BackupError NOT_FOUND when there is none on PATH, IO when it did not start
 */
export async function startMysqlOnPath(
  flavour: "mysql" | "mariadb",
  signal: AbortSignal,
  options: ThrowawayOptions = {},
  path = process.env["PATH"] ?? "",
): Promise<ThrowawayServer & { readonly socketFile: string }> {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...moreFolders];
  const server = await find(programs[flavour].server, folders);
  if (server === undefined) throw notFound(flavour);
  // PATH may have the server's folder only.
  const install = await find(programs[flavour].install, [...folders, ...foldersBeside(server)]);
  if (flavour === "mariadb" && install === undefined) throw installerNotFound(server);
  const order = { kind: "mysql", server, ...(install === undefined ? {} : { install }) } as const;
  const started = await startSupervised(order, signal, options);
  return { ...started, socketFile: join(started.socketFolder, mysqlSocketName) };
}

/** Where packages and archives of MariaDB have the rest of `sbin/mariadbd` and `bin/mariadbd`. */
function foldersBeside(server: string): string[] {
  const folder = dirname(server);
  return [folder, join(folder, "../bin"), join(folder, "../scripts")];
}

async function find(names: readonly string[], folders: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of folders) {
      const file = join(folder, name);
      const isThere = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return await realpath(file);
    }
  }
  return undefined;
}

function notFound(flavour: "mysql" | "mariadb"): BackupError {
  const [server, packageName] = flavour === "mysql" ? ["mysqld", "mysql-server"] : ["mariadbd", "mariadb-server"];
  return new BackupError({
    code: "NOT_FOUND",
    message: `there is no server program "${server}" on PATH`,
    hint: `install it (Debian: apt-get install ${packageName}); verify takes --server instead, and demo without --db-type shows PostgreSQL`,
  });
}

function installerNotFound(server: string): BackupError {
  const [name] = programs.mariadb.install;
  return new BackupError({
    code: "NOT_FOUND",
    message: `there is no program "${name}", which makes the data of a new server for "${basename(server)}"`,
    object: server,
    hint: "install it (Debian: apt-get install mariadb-server), or put its folder on PATH; verify takes --server instead",
  });
}
