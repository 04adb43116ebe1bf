import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { foreignVariables } from "../helpers/dbbackup.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { seededRandom } from "../helpers/seeded-random.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import {
  plantFinished,
  plantForeign,
  remainsIn,
  type StoredFiles,
  wholeBackups,
} from "../simulator/simulated-repository.ts";

const preload = resolve(import.meta.dirname, "..", "helpers", "fault-preload.ts");
const DAY_MS = 24 * 3600 * 1000;

/** What the program is doing when something goes wrong. */
const commands = ["backup", "directory", "upload", "rotate", "cleanup", "hold"] as const;
type CommandName = (typeof commands)[number];

const actions = ["kill-before", "kill-after", "kill-after", "ENOSPC", "EIO", "once-EIO", "once-ENOSPC"];
/** Those that are short, or fail, by themselves. */
const steps = [
  "short:write:1",
  "EIO:fsync",
  "EIO:rename",
  "EIO:link",
  "once-EIO:fsync",
  "once-EIO:unlink",
  "EPERM:link",
];

interface PointsRequest {
  /** For all commands together. */
  readonly points: number;
  readonly seed: number;
}

/**
 * The real program, killed with -9 or with failing system calls at seeded points of each command that writes into a repository: what is
 * listed is whole, what was finished is there, files of others are as they were, and the next run tidies up.
 */
export function faultPointsSuite({ points, seed }: PointsRequest): void {
  test.each(commands)("%s with faults at seeded points loses nothing, and the next run tidies up", async (command) => {
    await using folder = await withTemporaryFolder();
    await using database = await withDatabase(await sharedServer(18));
    await database.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS hash FROM generate_series(1, 500) i");
    const place = await makePlace(folder.path, database, command);
    const calls = await callsOf(place, await copyOf(place, "count"));
    expect(calls).toBeGreaterThan(10);
    const random = seededRandom(seed + 1000 * commands.indexOf(command));
    for (let warm = 0; warm < 8; warm++) random();
    const share = Math.ceil(points / commands.length);
    for (let point = 0; point < share; point++) {
      const fault = faultOf(random, calls);
      const repo = await copyOf(place, `${point}`);
      try {
        await expectHarmless(place, repo, fault);
      } catch (error) {
        throw new Error(`${command}, ${fault}: ${(error as Error).message}`, { cause: error });
      }
      rmSync(dirname(repo), { recursive: true });
    }
  });
}

/** A repository to begin with, and what is done to it. */
interface Place {
  readonly command: CommandName;
  readonly folder: string;
  readonly template: string;
  /** Ids of what was there before. */
  readonly before: readonly string[];
  /** Of those, what the command may remove. */
  readonly mayGo: readonly string[];
  readonly keys: readonly string[];
  argsOf(repo: string): readonly string[];
}

async function makePlace(folder: string, database: TestDatabase, command: CommandName): Promise<Place> {
  const template = join(folder, "template", "repo");
  mkdirSync(template, { recursive: true });
  const files = filesIn(template);
  plantForeign(files);
  const planted = [4, 3, 2, 1].map((age) => plantFinished(files, "shop", new Date(Date.now() - age * DAY_MS)).id);
  const [a, b] = ["a", "b"].map((name) => newKeyFile(join(folder, name))) as [string, string];
  const login = ["--url", database.url, "--jobs", "1"];
  const backup = (repo: string, ...more: readonly string[]) => [
    "backup",
    "single",
    database.name,
    ...login,
    "--repo",
    repo,
    ...more,
  ];
  if (command === "rotate")
    await mustDbbackupHere(backup(template, "--encrypt", "--key-file", a, "--format", "directory"));
  const before = [...wholeBackups(files).keys()];
  const rotated = before.find((id) => !planted.includes(id));
  const upload = (repo: string) => ["cloud", "upload", planted[3]!, "--repo", template, "--to", repo];
  const argsOf: Record<CommandName, (repo: string) => readonly string[]> = {
    backup: (repo) => backup(repo),
    directory: (repo) => backup(repo, "--format", "directory"),
    upload,
    rotate: (repo) => ["keys", "rotate", rotated!, "--repo", repo, "--key-file", a, "--new-key-file", b],
    cleanup: (repo) => ["cleanup", "--keep-last", "2", "--repo", repo],
    hold: (repo) => ["hold", planted[0]!, "--repo", repo],
  };
  const mayGo = command === "cleanup" ? planted.slice(0, 2) : [];
  const keys = command === "rotate" ? ["--key-file", a] : [];
  return { command, folder, template, before, mayGo, keys, argsOf: argsOf[command] };
}

/** What the command works on: a copy of the template; for an upload, a place where the backup is not yet. */
async function copyOf({ command, folder, template }: Place, name: string): Promise<string> {
  const repo = join(folder, name, "repo");
  if (command !== "upload") {
    cpSync(template, repo, { recursive: true });
    return repo;
  }
  mkdirSync(repo, { recursive: true });
  plantForeign(filesIn(repo));
  return repo;
}

/** How many calls of the file system a run of the command makes. */
async function callsOf({ argsOf }: Place, repo: string): Promise<number> {
  const { stderr, status } = await runWith("count:any", argsOf(repo));
  expect(status, stderr).toBe(0);
  return Number(/calls:(\d+)/.exec(stderr)?.[1]);
}

function faultOf(random: () => number, calls: number): string {
  const chosen = (list: readonly string[]): string => list[Math.floor(random() * list.length)]!;
  if (random() < 0.7) return `${chosen(actions)}:any:${1 + Math.floor(random() * calls)}`;
  const step = chosen(steps);
  return step.split(":").length === 3 ? step : `${step}:${1 + Math.floor(random() * 3)}`;
}

async function expectHarmless(place: Place, repo: string, fault: string): Promise<void> {
  const { command, before, mayGo, keys, argsOf } = place;
  const files = filesIn(repo);
  const had = command === "upload" ? [] : before;
  const isSafe = async (): Promise<ReadonlySet<string>> => {
    const there = new Set(wholeBackups(files).keys());
    for (const id of had) if (!mayGo.includes(id)) expect(there).toContain(id);
    const { status, stdout, stderr } = await dbbackupHere(["list", "--json", "--repo", repo]);
    expect(status, stderr).toBe(0);
    const ids = JSON.parse(stdout.toString()).map(({ id }: { id: string }) => id);
    expect(new Set(ids)).toEqual(there);
    if (keys.length === 0) return there;
    const rotated = had.at(-1)!;
    await mustDbbackupHere(["verify", rotated, "--no-record", "--repo", repo, ...keys]);
    return there;
  };
  const { status, stderr } = await runWith(fault, argsOf(repo));
  // 2: a key file that cannot be read.
  expect([0, 1, 2, 3, 137], stderr).toContain(status);
  const there = await isSafe();
  // Who was told that it is done has it.
  if (status === 0) expectDone(place, there, had, files);
  await mustDbbackupHere(argsOf(repo));
  expectDone(place, await isSafe(), had, files);
  // A folder of a run that died before it had claimed it, or after it had given it back, could be one being made: it is given time.
  const yesterday = new Date(Date.now() - DAY_MS);
  for (const name of readdirSync(repo))
    if (name.startsWith(".tmp-")) utimesSync(join(repo, name), yesterday, yesterday);
  ageRemovals(repo, yesterday);
  await mustDbbackupHere(["cleanup", "--abandon-unfinished", "--repo", repo]);
  await isSafe();
  expect(remainsIn(files)).toEqual([]);
}

/** One that removed nothing is forgotten when something is there that is younger by minutes. */
function ageRemovals(repo: string, time: Date): void {
  for (const name of readdirSync(repo)) if (name.endsWith(".removing.json")) utimesSync(join(repo, name), time, time);
}

function expectDone({ command, mayGo }: Place, there: ReadonlySet<string>, had: readonly string[], files: StoredFiles) {
  const names = files.keys();
  if (command === "cleanup") for (const id of mayGo) expect(there).not.toContain(id);
  else if (command === "hold") expect(names.some((name) => name.endsWith(".hold.json"))).toBe(true);
  else if (command === "rotate") expect(names.some((name) => name.includes(".meta.json.keys-"))).toBe(true);
  else expect(there.size).toBeGreaterThan(had.length);
}

async function runWith(
  fault: string,
  args: readonly string[],
): Promise<{ readonly status: number; readonly stderr: string }> {
  const env = { ...process.env, ...foreignVariables, DBBACKUP_TEST_FAULT: fault };
  const all = ["--import", preload, await builtProgram(), ...args];
  const child = spawn(process.execPath, all, { stdio: ["ignore", "ignore", "pipe"], env });
  const pieces: Buffer[] = [];
  child.stderr.on("data", (piece: Buffer) => pieces.push(piece));
  const [status, signal] = (await once(child, "close")) as [number | null, string | null];
  return { status: signal === "SIGKILL" ? 137 : (status ?? -1), stderr: Buffer.concat(pieces).toString() };
}

/** The files of a repository in a real folder. */
function filesIn(root: string): StoredFiles {
  return {
    keys: () =>
      readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => {
        const path = join(entry.parentPath, entry.name).slice(root.length + 1);
        return entry.isDirectory() ? `${path}/` : path;
      }),
    bytes: (key) => {
      const path = join(root, key);
      return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path) : undefined;
    },
    put: (key, bytes) => {
      mkdirSync(dirname(join(root, key)), { recursive: true });
      writeFileSync(join(root, key), bytes);
    },
  };
}
