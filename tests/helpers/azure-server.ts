import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { freePort } from "./free-port.ts";
import { guardFolder, guardServer } from "./guard.ts";
import { mustRun } from "./run-program.ts";
import { untilReady } from "./until-ready.ts";

/** What npm installs: too much to be a dependency of ours. */
const manifests = join(import.meta.dirname, "..", "servers", "azurite");

/** A running server that speaks Azure Blob Storage: azurite, which checks signatures and keeps blocks as the service does. */
export interface AzureServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/ACCOUNT` */
  readonly endpoint: string;
  readonly port: number;
  readonly account: string;
  /** Of the account, Base64; another one for each server. */
  readonly key: string;
}

/** Certificate and key of a server that speaks TLS, as paths of PEM files: then it takes tokens, too, of which it checks no signature. */
export interface AzureServerTls {
  readonly certificate: string;
  readonly key: string;
}

/** Starts one with nothing in it. */
export async function startAzureServer(tls?: AzureServerTls): Promise<AzureServer> {
  await prepareAzureServer();
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-azure-"));
  guardFolder(folder);
  const port = await freePort();
  const account = "testaccount";
  const key = randomBytes(64).toString("base64");
  const main = join(folderOfServer(), "node_modules", "azurite", "dist", "src", "blob", "main.js");
  const args = [
    "--location",
    folder,
    "--blobHost",
    "127.0.0.1",
    "--blobPort",
    `${port}`,
    "--silent",
    "--disableTelemetry",
  ];
  if (tls !== undefined) args.push("--oauth", "basic", "--cert", tls.certificate, "--key", tls.key);
  const server = spawn(process.execPath, [main, ...args, "--skipApiVersionCheck"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin", HOME: folder, TMPDIR: folder, AZURITE_ACCOUNTS: `${account}:${key}` },
  });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (piece: Buffer) => {
      said = (said + String(piece)).slice(-2000);
    });
  }
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()).once("error", () => resolve()));
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  if (server.pid !== undefined) guardServer(server.pid, folder);
  await untilReady(
    "azurite",
    () => said.includes("successfully listens"),
    () => hasEnded,
    () => said,
  );
  return {
    endpoint: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/${account}`,
    port,
    account,
    key,
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Installs it into the cache folder. Answers whether there was anything to do. */
export async function prepareAzureServer(): Promise<boolean> {
  return buildOnce(folderOfServer(), async (privateFolder) => {
    for (const name of ["package.json", "package-lock.json"]) {
      await copyFile(join(manifests, name), join(privateFolder, name));
    }
    // What npm tells its scripts of the package that they are of is not for another npm.
    const foreign = Object.keys(process.env).filter((name) =>
      /^npm_(config_(local_)?prefix|package|lifecycle)/.test(name),
    );
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const env = Object.fromEntries(foreign.map((name) => [name, undefined]));
    await mustRun("npm", args, { cwd: privateFolder, env });
  });
}

function folderOfServer(): string {
  const { dependencies } = JSON.parse(readFileSync(join(manifests, "package.json"), "utf8"));
  return join(cacheFolder(), `azurite-${dependencies.azurite}`);
}
