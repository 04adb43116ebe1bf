import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const secret = "pass word'\"\n$HOME";

/** A checkout of its own, whose launcher finds the running Node too old, and whose program tells what it was given. */
let checkout: string;
const launched: ChildProcessWithoutNullStreams[] = [];

const program = `
import { readStart } from ${JSON.stringify(join(root, "src/main/launcher-link.ts"))};
import { watchInterruption } from ${JSON.stringify(join(root, "src/main/interruption.ts"))};
const start = readStart(process.argv);
const signal = watchInterruption(start);
const [verb, operand] = start.args;
if (verb === "exit") process.exit(Number(operand));
if (verb === "cat") { for await (const chunk of process.stdin) process.stdout.write(chunk); process.exit(0); }
signal.addEventListener("abort", () => {
  console.log(signal.reason.message);
  if (verb !== "stubborn") process.exit(130);
});
console.log(JSON.stringify({ pid: process.pid, args: start.args }));
setInterval(() => {}, 1000);
`;

beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), "dbbackup-launcher-"));
  mkdirSync(join(checkout, "bin"));
  mkdirSync(join(checkout, "src/main"), { recursive: true });
  const launcher = readFileSync(join(root, "bin/dbbackup.cjs"), "utf8");
  writeFileSync(join(checkout, "bin/dbbackup.cjs"), launcher.replace("[24, 15]", "[999, 0]"));
  writeFileSync(join(checkout, "package.json"), '{"type":"module"}');
  writeFileSync(join(checkout, "src/main/cli.ts"), program);
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
});

afterEach(async () => {
  for (const child of launched.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  }
});

afterAll(() => rmSync(checkout, { recursive: true, force: true }));

function launch(args: readonly string[], folder = checkout): ChildProcessWithoutNullStreams {
  // Its own process group stands for a terminal's foreground group.
  const child = spawn(process.execPath, [join(folder, "bin/dbbackup.cjs"), ...args], { detached: true });
  launched.push(child);
  return child;
}

/** Lines of stdout, as they come. */
function linesOf(child: ChildProcessWithoutNullStreams): AsyncIterator<string> {
  return (async function* () {
    let pending = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) {
      const lines = (pending + chunk).split("\n");
      pending = lines.pop() ?? "";
      yield* lines;
    }
  })();
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error("no more output");
  return value;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for is not alive.
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

async function untilDead(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid)).toBe(false);
}

async function stderrOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  let text = "";
  for await (const chunk of child.stderr.setEncoding("utf8")) text += chunk;
  return text;
}

test("arguments arrive unchanged, and stand in no argv", async () => {
  const args = ["wait", "--password", secret, "", "--", "-x", "ü€😀"];
  const child = launch(args);
  const told = JSON.parse(await nextLine(linesOf(child))) as { pid: number; args: string[] };
  expect(told.args).toEqual(args);
  expect(told.pid).not.toBe(child.pid);
  if (process.platform === "linux") {
    expect(readFileSync(`/proc/${told.pid}/cmdline`, "utf8")).not.toContain("pass word");
    expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8")).not.toContain("pass word");
  }
});

test("a command line of 100,000 arguments arrives", async () => {
  const args = ["wait", ...Array.from({ length: 100_000 }, (_, index) => String(index))];
  const told = JSON.parse(await nextLine(linesOf(launch(args)))) as { args: string[] };
  expect(told.args).toHaveLength(args.length);
});

test.each([0, 1, 4, 130])("exit status %i is passed through", async (status) => {
  const [code] = await once(launch(["exit", String(status)]), "exit");
  expect(code).toBe(status);
});

test("stdin and stdout are the program's own", async () => {
  const child = launch(["cat"]);
  child.stdin.end("through\n");
  expect(await nextLine(linesOf(child))).toBe("through");
});

test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)(
  "%s to the launcher cancels the program",
  async (name) => {
    const child = launch(["wait"]);
    const lines = linesOf(child);
    await nextLine(lines);
    child.kill(name);
    expect(await nextLine(lines)).toBe(`interrupted by ${name}`);
    const [code] = await once(child, "exit");
    expect(code).toBe(130);
  },
);

test("a terminal's Ctrl-C, which reaches both, counts once; the second ends the program at once", async () => {
  const child = launch(["stubborn"]);
  const lines = linesOf(child);
  await nextLine(lines);
  process.kill(-child.pid!, "SIGINT");
  expect(await nextLine(lines)).toBe("interrupted by SIGINT");
  await sleep(300);
  expect(child.exitCode).toBeNull();
  process.kill(-child.pid!, "SIGINT");
  const [code] = await once(child, "exit");
  expect(code).toBe(130);
});

test("the program ends when its launcher is killed with -9", async () => {
  const child = launch(["wait"]);
  const { pid } = JSON.parse(await nextLine(linesOf(child))) as { pid: number };
  child.kill("SIGKILL");
  await untilDead(pid);
});

test("a program killed by a signal takes the launcher with it, by the same signal", async () => {
  const child = launch(["wait"]);
  const { pid } = JSON.parse(await nextLine(linesOf(child))) as { pid: number };
  process.kill(pid, "SIGKILL");
  const [code, signal] = await once(child, "exit");
  expect([code, signal]).toEqual([null, "SIGKILL"]);
});

test("without packages it says what to run", async () => {
  const bare = mkdtempSync(join(tmpdir(), "dbbackup-bare-"));
  try {
    mkdirSync(join(bare, "bin"));
    mkdirSync(join(bare, "src/main"), { recursive: true });
    writeFileSync(join(bare, "bin/dbbackup.cjs"), readFileSync(join(root, "bin/dbbackup.cjs")));
    writeFileSync(join(bare, "src/main/cli.ts"), program);
    const child = launch(["--help"], bare);
    const [text, [code]] = await Promise.all([stderrOf(child), once(child, "exit")]);
    expect(text).toContain("npm ci");
    expect(code).toBe(2);
  } finally {
    rmSync(bare, { recursive: true });
  }
});

test("the real launcher runs the program in this process when Node is new enough", async () => {
  const child = launch(["--help"], root);
  const first = await nextLine(linesOf(child));
  expect(first).toContain("dbbackup");
});

/** How many entries `dbbackup --help` leaves in a compile cache below this folder. */
async function cachedFiles(cache: string): Promise<number> {
  const env = { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: "" };
  const child = spawn(process.execPath, [join(root, "bin/dbbackup.cjs"), "--help"], { env, stdio: "ignore" });
  const [status] = await once(child, "exit");
  expect(status).toBe(0);
  return readdirSync(join(cache, "dbbackup/compile-cache"), { recursive: true }).length;
}

test("compiled code is kept where only this user can write", async () => {
  const cache = join(checkout, "cache");
  const before = process.umask(0);
  try {
    expect(await cachedFiles(cache)).toBeGreaterThan(5);
  } finally {
    process.umask(before);
  }
  expect(statSync(join(cache, "dbbackup/compile-cache")).mode & 0o777).toBe(0o700);
});

test.runIf(process.getuid?.() === 0)("compiled code that another user could have changed is not run", async () => {
  for (const [name, spoil] of [
    ["foreign", (folder: string) => chownSync(folder, 65534, 65534)],
    ["writable", (folder: string) => chmodSync(folder, 0o777)],
  ] as const) {
    const cache = join(checkout, name);
    const folder = join(cache, "dbbackup/compile-cache");
    mkdirSync(folder, { recursive: true });
    spoil(folder);
    expect([name, await cachedFiles(cache)]).toEqual([name, 0]);
  }
});

/** Says at the end how many threads the pool of libuv had, on a machine of so many processors. */
function countingPool(processors: number): string {
  const file = join(checkout, `processors-${processors}.cjs`);
  writeFileSync(
    file,
    `require("node:os").availableParallelism = () => ${processors};
    const { readdirSync, readFileSync } = require("node:fs");
    process.on("exit", () => {
      const names = readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/comm", "latin1"));
      process.stderr.write("pool of " + names.filter((name) => name.startsWith("libuv-worker")).length);
    });`,
  );
  return file;
}

test.each([
  [2, {}, 4],
  [12, {}, 12],
  [64, {}, 16],
  [64, { UV_THREADPOOL_SIZE: "3" }, 3],
])(
  "with %i processors and %o in the environment the thread pool has %i threads",
  async (processors, asked, threads) => {
    const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
    const args = ["--require", countingPool(processors), join(root, "bin/dbbackup.cjs"), "list", "--repo", checkout];
    const child = spawn(process.execPath, [...args, "--config", "none", "--catalogue", "none"], {
      env: { ...env, ...asked },
    });
    launched.push(child);
    let said = "";
    child.stderr.on("data", (piece: Buffer) => (said += piece.toString()));
    await once(child, "close");
    expect(said).toMatch(new RegExp(`pool of ${threads}$`));
  },
);
