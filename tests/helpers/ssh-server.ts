import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { canFetchDebianPackages, DebianRelease } from "./debian-packages.ts";
import { freePort } from "./free-port.ts";
import { guardFolder, guardServer } from "./guard.ts";
import { mustRun } from "./run-program.ts";
import { isListening, untilReady } from "./until-ready.ts";

/** The last one whose sshd is one program: later ones start others by their path below /usr. */
const RELEASE = "bookworm";
/** Needed by scripts that nobody runs, and by logins with passwords. */
const NOT_FETCHED =
  "adduser debconf init-system-helpers libpam-modules libpam-runtime lsb-base openssh-sftp-server passwd procps runit-helper sysvinit-utils ucf".split(
    " ",
  );

/** Root's server runs as this user: sshd takes nobody's account for locked where systemd speaks of it. */
const ROOTS_USER = "daemon";

export interface SshServerOptions {
  /** Extensions of SFTP that it does not tell of. */
  readonly without?: readonly string[];
}

/** A running OpenSSH with its own keys, at which one user may log in: the one that it runs as. */
export interface SshServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** Its number; undefined when it is ours. */
  readonly uid: number | undefined;
  /** A folder that belongs to that user; the one that sessions start in. */
  readonly folder: string;
  /** File with the server's key. */
  readonly knownHosts: string;
  /** The private key that it accepts. */
  readonly identity: string;
  /** One that it does not accept. */
  readonly otherIdentity: string;
  /** The URL of a folder; a relative one is below `folder`. */
  url(path: string, parameters?: Readonly<Record<string, string>>, port?: number): string;
}

/** Starts one on 127.0.0.1. */
export async function startSshServer({ without = [] }: SshServerOptions = {}): Promise<SshServer> {
  const base = await mkdtemp(join(tmpdir(), "dbbackup-ssh-"));
  guardFolder(base);
  const user = await sshUser();
  const at = (name: string): string => join(base, name);
  const folder = at("home");
  await mkdir(folder);
  for (const name of ["host", "client", "other"]) {
    await mustRunSsh("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at(name)]);
  }
  const port = await freePort();
  const denied = without.length === 0 ? "" : ` -P ${without.map((name) => name.split("@")[0]).join(",")}`;
  await writeFile(
    at("sshd_config"),
    `ListenAddress 127.0.0.1:${port}
HostKey ${at("host")}
AuthorizedKeysFile ${at("client.pub")}
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no

MaxStartups 100
PidFile none
Subsystem sftp internal-sftp -d ${folder}${denied}
`,
  );
  await writeFile(at("known_hosts"), `[127.0.0.1]:* ${await readFile(at("host.pub"), "utf8")}`);
  if (user.uid !== undefined) {
    await chmod(base, 0o755);
    for (const path of [folder, at("host"), at("client.pub")]) await chown(path, user.uid, user.gid);
  }
  const [loader, before] = await sshProgram("sshd");
  // -r: no program of its own for each connection, which would be looked for below /usr.
  const server = spawn(loader, [...before, "-r", "-D", "-e", "-f", at("sshd_config")], {
    ...user,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: "/usr/bin:/bin" },
    detached: true,
  });
  let said = "";
  server.stderr.on("data", (piece: Buffer) => {
    said = (said + String(piece)).slice(-4000);
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()).once("error", () => resolve()));
  void ended.then(() => {
    hasEnded = true;
  });
  if (server.pid !== undefined) guardServer(server.pid, loader);
  await untilReady(
    "sshd",
    () => isListening(port),
    () => hasEnded,
    () => said,
  );
  const name = user.uid === undefined ? userInfo().username : ROOTS_USER;
  return {
    port,
    user: name,
    uid: user.uid,
    folder,
    knownHosts: at("known_hosts"),
    identity: at("client"),
    otherIdentity: at("other"),
    url(path, parameters = {}, shownPort = port) {
      const given = new URLSearchParams({ identity: at("client"), "known-hosts": at("known_hosts"), ...parameters });
      const where = path.startsWith("/") ? path : `/~/${path}`;
      return `sftp://${name}@127.0.0.1:${shownPort}${where}?${given}`;
    },
    async [Symbol.asyncDispose]() {
      // Connections have processes of their own, and those others.
      for (const pid of await descendantsOf(server.pid!)) tryKill(pid);
      server.kill("SIGKILL");
      await ended;
      await rm(base, { recursive: true, force: true });
    },
  };
}

async function sshUser(): Promise<{ uid: number; gid: number } | Record<string, never>> {
  if (process.getuid?.() !== 0) return {};
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((each) => each.startsWith(`${ROOTS_USER}:`));
  const [, , uid, gid] = line!.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** Runs one of OpenSSH's programs. */
export async function mustRunSsh(name: string, args: readonly string[]): Promise<Buffer> {
  const [loader, before] = await sshProgram(name);
  return (await mustRun(loader, [...before, ...args])).stdout;
}

/** An agent that holds this private key. */
export async function withSshAgent(identity: string): Promise<{ readonly socket: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-ssh-agent-"));
  guardFolder(folder);
  const socket = join(folder, "socket");
  const [loader, before] = await sshProgram("ssh-agent");
  const agent = spawn(loader, [...before, "-D", "-a", socket], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => agent.once("exit", () => resolve()).once("error", () => resolve()));
  if (agent.pid !== undefined) guardServer(agent.pid, loader);
  await untilReady(
    "ssh-agent",
    () => existsSync(socket),
    () => agent.exitCode !== null,
  );
  const [, beforeAdd] = await sshProgram("ssh-add");
  await mustRun(loader, [...beforeAdd, "-q", identity], { env: { SSH_AUTH_SOCK: socket } });
  return {
    socket,
    async [Symbol.asyncDispose]() {
      agent.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Fetches it into the cache folder. Answers whether there was anything to do. */
export async function prepareSshServer(): Promise<boolean> {
  return buildOnce(folderOfServer(), async (privateFolder) => {
    const work = join(privateFolder, ".fetch");
    const debian = await DebianRelease.open(RELEASE, work, NOT_FETCHED);
    await debian.unpackWithDependencies(["openssh-server", "openssh-client"], join(privateFolder, "root"));
    await rm(work, { recursive: true });
  });
}

/** Why there can be none on this machine; undefined when there can. */
export async function missingSshServer(): Promise<string | undefined> {
  if (existsSync(folderOfServer()) || (await canFetchDebianPackages())) return undefined;
  return "Debian packages cannot be fetched here";
}

/** A program under its own loader, with its own libraries: the program to start, and the arguments before others. */
async function sshProgram(name: string): Promise<readonly [string, readonly string[]]> {
  await prepareSshServer();
  const root = join(folderOfServer(), "root");
  const system = (await readdir(join(root, "usr", "lib"))).find((each) => each.endsWith("-linux-gnu"))!;
  const libraries = [join(root, "usr", "lib", system), join(root, "lib", system)];
  const loaderName = process.arch === "arm64" ? "ld-linux-aarch64.so.1" : "ld-linux-x86-64.so.2";
  const loader = libraries.map((folder) => join(folder, loaderName)).find((path) => existsSync(path));
  if (loader === undefined) throw new Error(`the packages of OpenSSH have no ${loaderName}`);
  const program = join(root, "usr", name === "sshd" ? "sbin" : "bin", name);
  return [loader, ["--library-path", libraries.join(":"), program]];
}

function folderOfServer(): string {
  return join(cacheFolder(), `openssh-${process.platform}-${process.arch}`);
}

async function descendantsOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const children = text.split(" ").filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
