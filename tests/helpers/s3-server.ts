import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { canFetchDebianPackages, DebianRelease } from "./debian-packages.ts";
import { freePort } from "./free-port.ts";
import { guardFolder, guardServer } from "./guard.ts";
import { untilReady } from "./until-ready.ts";

const RELEASE = "sid";
/** Needed by scripts of packages that nobody runs, and by parts of moto for services that are not S3. */
const NOT_FETCHED = ["media-types", "tzdata", "debconf", "docker.io", "openssl-provider-legacy"];

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running server that speaks S3: moto, which holds all in memory, and checks signatures and rights. */
export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly port: number;
  /** Of somebody who may do everything. */
  readonly credentials: S3Credentials;
  /** Of somebody who may do everything but what is denied. */
  readonly limited: S3Credentials;
  /** Of the users that were wished for, by their names. */
  readonly users: Readonly<Record<string, S3Credentials>>;
  /** What the program finds the first in. */
  readonly environment: Readonly<Record<string, string>>;
}

interface S3ServerWishes {
  /** To the limited user, such as `s3:DeleteObject`. */
  readonly denied?: readonly string[];
  /** Names of further users, and their policies as documents of IAM. */
  readonly policies?: Readonly<Record<string, string>>;
}

/** Starts one with nothing in it. */
export async function startS3Server({ denied = [], policies = {} }: S3ServerWishes = {}): Promise<S3Server> {
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
  const answers = async (): Promise<boolean> => {
    const answer = await fetch(`${endpoint}/moto-api/`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer !== undefined;
  };
  await untilReady(
    "moto_server",
    answers,
    () => hasEnded,
    () => said,
  );
  const credentials = await newUser(endpoint, "owner", allBut([]));
  const limited = await newUser(endpoint, "limited", allBut(denied));
  const users: Record<string, S3Credentials> = {};
  for (const [name, policy] of Object.entries(policies)) users[name] = await newUser(endpoint, name, policy);
  await mustPost(`${endpoint}/moto-api/reset-auth`, "0");
  return {
    endpoint,
    port,
    credentials,
    limited,
    users,
    environment: environmentOf(credentials),
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Where the program finds credentials of a server of these tests. */
export function environmentOf({ accessKeyId, secretAccessKey }: S3Credentials): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

function allBut(denied: readonly string[]): string {
  const statements = [
    { Effect: "Allow", Action: "s3:*", Resource: "*" },
    ...(denied.length === 0 ? [] : [{ Effect: "Deny", Action: denied, Resource: "*" }]),
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** Before it is told to look at signatures, moto takes any. */
async function newUser(endpoint: string, name: string, PolicyDocument: string): Promise<S3Credentials> {
  await identity(endpoint, { Action: "CreateUser", UserName: name });
  const key = await identity(endpoint, { Action: "CreateAccessKey", UserName: name });
  await identity(endpoint, { Action: "PutUserPolicy", UserName: name, PolicyName: "rights", PolicyDocument });
  const field = (tag: string): string => new RegExp(`<${tag}>(.+?)</${tag}>`).exec(key)![1]!;
  return { accessKeyId: field("AccessKeyId"), secretAccessKey: field("SecretAccessKey") };
}

async function identity(endpoint: string, fields: Readonly<Record<string, string>>): Promise<string> {
  // The scope says for which service it is.
  const authorization =
    "AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
  return await mustPost(endpoint, new URLSearchParams({ Version: "2010-05-08", ...fields }), { authorization });
}

async function mustPost(url: string, body: string | URLSearchParams, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { method: "POST", body, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`moto_server: ${answer.status} ${text.slice(0, 500)}`);
  return text;
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
