import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { mustRun } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-output-"));
  database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 100000) i");
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function backupArguments(output: string): string[] {
  const login = [
    "backup",
    "single",
    database.name,
    "--url",
    database.url,
    "--compression",
    "none",
    "--progress",
    "none",
  ];
  return [...login, `--output=${output}`];
}

async function commandLine(output: string): Promise<string[]> {
  return [await builtProgram(), ...backupArguments(output)];
}

async function expectWhole(path: string): Promise<void> {
  const { status, stdout } = await dbbackup(["verify", path, "--json"]);
  expect([status, JSON.parse(stdout.toString())[0].objects[0].rows]).toEqual([0, 100_000]);
}

test("- into a file writes the archive, and nothing else anywhere", async () => {
  const path = join(folder, "redirected");
  const file = openSync(path, "w");
  const child = spawn(process.execPath, await commandLine("-"), { stdio: ["ignore", file, "pipe"] });
  const [[status], stderr] = await Promise.all([once(child, "exit"), text(child.stderr!)]);
  closeSync(file);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(readdirSync(folder)).toEqual(["redirected"]);
  await expectWhole(path);
});

test("- into a pipe whose reader has gone is a failed backup", async () => {
  const child = spawn(process.execPath, await commandLine("-"), { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.once("data", () => child.stdout.destroy());
  const [[status], stderr] = await Promise.all([once(child, "exit"), text(child.stderr)]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/nobody reads stdout any more/);
});

test.runIf(process.platform !== "win32")("a named pipe is written for its reader", async () => {
  const pipe = join(folder, "pipe");
  await mustRun("mkfifo", [pipe]);
  const copy = spawn("cat", [pipe], { stdio: ["ignore", openSync(join(folder, "copy"), "w"), "inherit"] });
  const [{ status, stderr }] = await Promise.all([dbbackup(backupArguments(pipe)), once(copy, "exit")]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(existsSync(`${pipe}.meta.json`)).toBe(false);
  await expectWhole(join(folder, "copy"));
});

test.runIf(process.platform !== "win32")("a device takes the backup, and its metadata is still told", async () => {
  const { status, stdout } = await dbbackup([...backupArguments("/dev/null"), "--json"]);
  expect([status, JSON.parse(stdout.toString()).objects[0].rows]).toEqual([0, 100_000]);
  expect(existsSync("/dev/null.meta.json")).toBe(false);
});

test.each([
  ["a file that exists", "there", 1, /exists already[\s\S]*never overwritten/],
  ["a folder", ".", 1, /exists already[\s\S]*name a file in it/],
  ["a file in no folder", "none/x.dump", 1, /there is no folder/],
  ["a file in a file", "there/x.dump", 1, /there is no folder|not a folder/],
  ["a name that begins with a minus", "-x.dump", 2, /cannot be the name of a backup/],
])("%s is refused before the server is asked", async (_, name, expected, message) => {
  writeFileSync(join(folder, "there"), "precious");
  const { status, stderr } = await dbbackup([
    "backup",
    "single",
    "x",
    "--host",
    "/nowhere",
    "--output",
    join(folder, name),
  ]);
  expect(stderr).toMatch(message);
  expect(status).toBe(expected);
  expect(readFileSync(join(folder, "there"), "utf8")).toBe("precious");
});

test("a file whose metadata would meet another's is refused, and nothing is left", async () => {
  writeFileSync(join(folder, "y.dump.meta.json"), "precious");
  const before = readdirSync(folder);
  const { status } = await dbbackup(backupArguments(join(folder, "y.dump")));
  expect(status).toBe(1);
  expect(readdirSync(folder)).toEqual(before);
});
