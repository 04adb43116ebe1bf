import { cp, readFile, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ServerPaths, ServerPlan } from "./server-plan.ts";
import type { PostgresOrder } from "./supervisor-messages.ts";

/** Ports only name the socket here; nothing listens on the network. */
const port = 5432;
const user = "postgres";

/** What letters are, without the order of any language. Before 17 it is the machine's to know, which may not. */
const localesOf = (major: number): string[][] =>
  major >= 17
    ? [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    : [["--locale=C.UTF-8"], ["--locale=C"]];

/** Durability is worth nothing in a folder that will be removed; the rest keeps a small machine quiet. */
const settings = [
  "listen_addresses=",
  "fsync=off",
  "full_page_writes=off",
  "synchronous_commit=off",
  "wal_level=minimal",
  "max_wal_senders=0",
  "max_wal_size=2GB",
  // Files of its own folder instead of /dev/shm, so that nothing can stay behind there.
  "dynamic_shared_memory_type=mmap",
  // As many as --jobs may be, and some.
  "max_connections=80",
  // Every table of the database is locked at once to read what there is.
  "max_locks_per_transaction=1024",
];

/** PostgreSQL, from the programs of an npm package. */
export function postgresPlan(
  { programs, major }: PostgresOrder,
  paths: ServerPaths,
  maxMemoryBytes?: number,
): ServerPlan {
  const own = join(paths.folder, "native");
  const call = (program: string, args: readonly string[]) => ({ file: join(own, "bin", program), args });
  const initdb = ["-D", paths.data, "-U", user, "-A", "trust", "-E", "UTF8", "--no-sync", "--data-checksums"];
  const all = [...settings, ...(major >= 11 ? ["jit=off"] : []), ...memorySettings(maxMemoryBytes)];
  const options = all.flatMap((setting) => ["-c", setting]);
  return {
    user,
    port,
    prepare: () => copyPrograms(programs, own, paths.folder),
    initialise: localesOf(major).map((locale) =>
      call("initdb", [...initdb, ...(major >= 14 ? ["--no-instructions"] : []), ...locale]),
    ),
    serve: call("postgres", ["-D", paths.data, "-p", String(port), "-k", paths.socket, ...options]),
    isReady: () => isReady(paths.data),
    // A fast shutdown still writes a checkpoint; whoever needs longer than this gets an immediate one.
    stop: [
      ["SIGINT", 10_000],
      ["SIGQUIT", 5_000],
      ["SIGKILL", 5_000],
    ],
    quit: "SIGQUIT",
  };
}

/** What a server takes at once, it takes of what it may. */
function memorySettings(limit: number | undefined): string[] {
  if (limit === undefined) return [];
  return [
    `shared_buffers=${kibibytes(Math.min(128 << 20, limit / 8))}`,
    `maintenance_work_mem=${kibibytes(Math.min(64 << 20, limit / 16))}`,
  ];
}

function kibibytes(bytes: number): string {
  return `${Math.max(1024, Math.floor(bytes / 1024))}kB`;
}

/** They are copied because the server's user must be able to read them, wherever the package lies. */
async function copyPrograms(programs: string, own: string, folder: string): Promise<void> {
  await cp(programs, own, { recursive: true, verbatimSymlinks: true });
  // npm packages carry no symbolic links; this list of them is replayed instead.
  const links = JSON.parse(await readFile(join(own, "pg-symlinks.json"), "utf8")) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const link of links) await linkOnce(basename(link.source), join(folder, link.target));
}

/** Programs that somebody else made ready hold their links already. */
async function linkOnce(target: string, path: string): Promise<void> {
  await symlink(target, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** The postmaster writes its state into the eighth line of its lock file. */
async function isReady(data: string): Promise<boolean> {
  const lock = await readFile(join(data, "postmaster.pid"), "latin1").catch(() => "");
  return lock.split("\n")[7]?.trim() === "ready";
}
