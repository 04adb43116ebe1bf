import { spawn } from "node:child_process";
import { chown, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { DebianRelease } from "./debian-packages.ts";
import { freePort } from "./free-port.ts";
import { guardFolder } from "./guard.ts";
import { serverUser } from "./server-user.ts";
import { isListening, untilReady } from "./until-ready.ts";

const RELEASE = "trixie";
/** Needed by scripts that we do not run. */
const NOT_FETCHED = ["adduser", "init-system-helpers", "postgresql-common", "python3", "sysvinit-utils"];

/** A running PgBouncer in front of a server that trusts everybody; its databases are `transaction`, `statement`, `session`. */
export interface PgBouncer extends AsyncDisposable {
  readonly port: number;
}

export async function startPgBouncer(targetPort: number, poolSize: number): Promise<PgBouncer> {
  const root = await installPgBouncer();
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-pgbouncer-"));
  guardFolder(folder);
  const user = serverUser();
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  const port = await freePort();
  const database = (mode: string): string =>
    `${mode} = host=127.0.0.1 port=${targetPort} dbname=postgres user=postgres pool_mode=${mode} pool_size=${poolSize}`;
  const settings = join(folder, "pgbouncer.ini");
  await writeFile(
    settings,
    `[databases]\n${["transaction", "statement", "session"].map(database).join("\n")}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
unix_socket_dir =
`,
  );
  const libraries = (await readdir(join(root, "usr", "lib"))).find((name) => name.endsWith("-linux-gnu"))!;
  const search = [join(root, "usr", "lib", libraries), join(root, "lib", libraries)].join(":");
  const loader = process.arch === "arm64" ? "ld-linux-aarch64.so.1" : "ld-linux-x86-64.so.2";
  const args = ["--library-path", search, join(root, "usr", "sbin", "pgbouncer"), settings];
  const bouncer = spawn(join(root, "usr", "lib", libraries, loader), args, { ...user, cwd: folder, stdio: "ignore" });
  const ended = new Promise((resolve) => bouncer.once("exit", resolve).once("error", resolve));
  await untilReady(
    "PgBouncer",
    () => isListening(port),
    () => bouncer.exitCode !== null,
  );
  return {
    port,
    async [Symbol.asyncDispose]() {
      bouncer.kill("SIGQUIT");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function installPgBouncer(): Promise<string> {
  const folder = join(cacheFolder(), `pgbouncer-${process.arch}`);
  await buildOnce(folder, async (privateFolder) => {
    const work = join(privateFolder, ".fetch");
    const debian = await DebianRelease.open(RELEASE, work, NOT_FETCHED);
    await debian.unpackWithDependencies(["pgbouncer"], join(privateFolder, "root"));
    await rm(work, { recursive: true });
  });
  return join(folder, "root");
}
