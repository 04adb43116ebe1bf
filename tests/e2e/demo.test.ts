import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const smallShop = join(root, "tests/helpers/small-shop.ts");

type Demo = ChildProcessByStdio<null, Readable, Readable>;

/** The only temporary folder that the demo knows: what is left behind is in there. */
let folder: string;
let demo: Demo | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "d-"));
  // The server does not run as root, and must get in.
  chmodSync(folder, 0o755);
});

afterEach(async () => {
  killGroup();
  await untilClean();
  rmSync(folder, { recursive: true });
});

function start(file: string, ...args: readonly string[]): Demo {
  demo = spawn(file, args, {
    cwd: root,
    // Settings of the user's own servers must not reach it.
    env: {
      ...process.env,
      TMPDIR: folder,
      PGHOST: "nowhere.invalid",
      PGSERVICE: "missing",
      PGOPTIONS: "-c bad=1",
    },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: npm is killed together with what it started.
    detached: true,
  });
  return demo;
}

function killGroup(): void {
  try {
    process.kill(-demo!.pid!, "SIGKILL");
  } catch {
    // It ended already.
  }
}

/** With a small shop, for tests of what happens before it is all restored. */
const startProgram = (): Demo => start(process.execPath, "--import", smallShop, "src/main/cli.ts", "demo");

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}

async function finished(child: Demo): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const [[status], stdout, stderr] = await Promise.all([
    once(child, "exit"),
    textOf(child.stdout),
    textOf(child.stderr),
  ]);
  return { status: status as number | null, stdout, stderr };
}

/** Resolves when the demo has printed a line with `word`. */
async function printed(child: Demo, word: string): Promise<void> {
  for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    if ((chunk as string).includes(word)) return;
  }
  throw new Error(`the demo ended without "${word}"`);
}

/** Processes that were started from the folder or work in it, by number. */
function processesInFolder(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ||
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder)
      );
    } catch {
      return false; // It ended meanwhile.
    }
  });
}

const isSupervisor = (pid: string): boolean => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("supervisor.ts");

async function untilClean(): Promise<void> {
  await expect
    .poll(() => ({ files: readdirSync(folder), processes: processesInFolder() }))
    .toEqual({ files: [], processes: [] });
}

test("npm run demo fits a terminal and proves equality; --keep leaves what its printed command stops", async () => {
  const { status, stdout } = await finished(start("npm", "run", "demo", "--", "--keep"));
  const lines = stdout.trim().split("\n");
  expect(lines.at(-1)).toMatch(/^verdict: the restored database equals the original/);
  expect(status).toBe(0);
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  const steps = lines.flatMap((line) => /^ {2}ok {2}(\w+) /.exec(line)?.[1] ?? []);
  expect(steps).toEqual(["server", "sample", "copy", "backup", "verify", "drop", "restore", "compare"]);
  expect(Number(/([\d,]+) rows/.exec(stdout)![1]!.replaceAll(",", ""))).toBeGreaterThanOrEqual(300_000);

  expect(stdout).toMatch(/psql -h \S+ -p \d+ -U postgres shop/);
  expect(processesInFolder()).not.toEqual([]);
  process.kill(Number(/kill (\d+)/.exec(stdout)![1]));
  await untilClean();
});

test("a row that is not as it was is found, and the demo ends with 4", async () => {
  const { status, stdout, stderr } = await finished(
    start(process.execPath, "--import", smallShop, "tests/helpers/interfered-demo.ts"),
  );
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^ {2}!! {2}compare .* DIFFERENT/m);
  expect(stdout).toContain("table stock.movements");
  expect(stdout).toContain("(1500): other quantity");
  expect(stdout.trim().split("\n").at(-1)).toMatch(/^verdict: the restored database is NOT the original/);
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(status).toBe(4);
  expect(readdirSync(folder)).toEqual([]);
  expect(processesInFolder()).toEqual([]);
});

test.each([100, 700, 1500])("nothing is left when the demo is killed with -9 after %i ms", async (ms) => {
  const child = startProgram();
  await sleep(ms);
  child.kill("SIGKILL");
  await once(child, "exit");
  await untilClean();
});

test("nothing is left when the demo is killed with -9 while it backs up", async () => {
  const child = startProgram();
  await printed(child, "copy");
  child.kill("SIGKILL");
  await once(child, "exit");
  await untilClean();
});

test("what stays when the supervisor is killed too is swept by the next demo", async () => {
  const first = startProgram();
  await printed(first, "server");
  for (const pid of processesInFolder().filter(isSupervisor)) process.kill(Number(pid), "SIGKILL");
  killGroup();
  await sleep(500);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(processesInFolder()).not.toEqual([]);

  const second = startProgram();
  await printed(second, "server");
  second.kill("SIGINT");
  await once(second, "exit");
  expect(readdirSync(folder)).toEqual([]);
  expect(processesInFolder()).toEqual([]);
});

test("Ctrl-C ends with 130 and leaves nothing behind", async () => {
  const child = startProgram();
  await printed(child, "server");
  const end = once(child, "exit");
  child.kill("SIGINT");
  expect(await textOf(child.stderr)).toContain("interrupted");
  expect((await end)[0]).toBe(130);
  expect(readdirSync(folder)).toEqual([]);
  expect(processesInFolder()).toEqual([]);
});

test("without the server's package, or with a temporary folder that does not do, it says what to do", async () => {
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ resolve: (name, context, next) => next(name.startsWith("pg18-") ? "no-such-package" : name, context) });`;
  const without = start(
    process.execPath,
    "--import",
    `data:text/javascript,${encodeURIComponent(hook)}`,
    "src/main/cli.ts",
    "demo",
  );
  const missing = await finished(without);
  expect(missing.stderr).toMatch(/"pg18-linux-\w+"\) is not installed\n.*npm ci/s);
  expect(missing.status).toBe(1);

  const deep = join(folder, "x".repeat(80));
  mkdirSync(deep);
  const tooLong = await finished(start("env", `TMPDIR=${deep}`, process.execPath, "src/main/cli.ts", "demo"));
  expect(tooLong.stderr).toContain("TMPDIR");
  expect(tooLong.status).toBe(1);
  rmSync(deep, { recursive: true });
});
