import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { canFetchDebianPackages, DebianRelease } from "./debian-packages.ts";
import { freePort } from "./free-port.ts";
import { guardFolder, guardServer } from "./guard.ts";

const RELEASE = "sid";
/** Needed by scripts of packages that nobody runs, and by parts of moto for services that are not S3. */
const NOT_FETCHED = ["media-types", "tzdata", "debconf", "docker.io", "openssl-provider-legacy"];

/** A running server that speaks S3: moto, which holds all in memory and checks nothing of what is signed. */
export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly port: number;
}

/** Starts one with nothing in it. */
export async function startS3Server(): Promise<S3Server> {
  const root = await installS3Server();
  const system = (await readdir(join(root, "usr", "lib"))).find((name) => name.endsWith("-linux-gnu"))!;
  const libraries = [join(root, "usr", "lib", system), join(root, "lib", system)];
  const loaderName = process.arch === "arm64" ? "ld-linux-aarch64.so.1" : "ld-linux-x86-64.so.2";
  const loader = libraries.map((folder) => join(folder, loaderName)).find((path) => existsSync(path));
  if (loader === undefined) throw new Error(`the packages of moto have no ${loaderName}`);
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-s3-"));
  guardFolder(folder);
  const port = await freePort();
  const python = (await readdir(join(root, "usr", "bin"))).find((name) => /^python3\.\d+$/.test(name))!;
  const server = spawn(
    loader,
    [
      "--library-path",
      libraries.join(":"),
      join(root, "usr", "bin", python),
      join(root, "usr", "bin", "moto_server"),
      "-H",
      "127.0.0.1",
      "-p",
      `${port}`,
    ],
    {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: "/usr/bin:/bin",
        HOME: folder,
        TMPDIR: folder,
        PYTHONHOME: join(root, "usr"),
        PYTHONPATH: join(root, "usr", "lib", "python3", "dist-packages"),
        PYTHONDONTWRITEBYTECODE: "1",
      },
    },
  );
  let said = "";
  server.stderr.on("data", (piece: Buffer) => {
    said = (said + String(piece)).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()).once("error", () => resolve()));
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  if (server.pid !== undefined) guardServer(server.pid, loader);
  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (hasEnded || tries === 600) throw new Error(`moto_server does not answer: ${said}`);
    const answer = await fetch(`${endpoint}/moto-api/`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) break;
    await sleep(50);
  }
  return {
    endpoint,
    port,
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Fetches it into the cache folder. Answers whether there was anything to do. */
export async function prepareS3Server(): Promise<boolean> {
  return buildOnce(folderOfServer(), async (privateFolder) => {
    const work = join(privateFolder, ".fetch");
    const debian = await DebianRelease.open(RELEASE, work, NOT_FETCHED);
    await debian.unpackWithDependencies(
      ["python3-moto", "python3-flask", "python3-flask-cors"],
      join(privateFolder, "root"),
    );
    await rm(work, { recursive: true });
  });
}

/** Why there can be none on this machine; undefined when there can. */
export async function missingS3Server(): Promise<string | undefined> {
  if (existsSync(folderOfServer()) || (await canFetchDebianPackages())) return undefined;
  return "Debian packages cannot be fetched here";
}

function folderOfServer(): string {
  return join(cacheFolder(), `moto-${process.platform}-${process.arch}`);
}

async function installS3Server(): Promise<string> {
  await prepareS3Server();
  return join(folderOfServer(), "root");
}
