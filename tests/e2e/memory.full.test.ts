import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stagePackage } from "../../scripts/stage-package.ts";
import { foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { dropDatabase, withDatabase } from "../helpers/test-database.ts";

const mebibyte = 1024 * 1024;
/** What is promised for plain and for compressed dumps and restores, at any size. */
const plainLimit = 96 * mebibyte;
const compressedLimit = 192 * mebibyte;

/** What users run: a checkout takes 10 MiB more, for its sources. */
let installed: Awaited<ReturnType<typeof withTemporaryFolder>>;
let program: string;

beforeAll(async () => {
  installed = await withTemporaryFolder();
  await stagePackage(join(installed.path, "package"));
  program = join(installed.path, "package", "bin", "dbbackup.cjs");
});
afterAll(() => installed?.[Symbol.asyncDispose]());

/** Runs the working process to its end and answers its peak resident memory (VmHWM, which only grows). */
async function peakMemory(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...args, "--progress=none"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...foreignVariables },
  });
  let peak = 0;
  const look = (): void => {
    try {
      const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
      if (kilobytes !== undefined) peak = Number(kilobytes) * 1024;
    } catch {
      // It has just ended: the last look stands.
    }
  };
  const timer = setInterval(look, 20);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [status] = (await once(child, "exit")) as [number | null];
  clearInterval(timer);
  expect(status, said).toBe(0);
  expect(peak).toBeGreaterThan(20 * mebibyte);
  return peak;
}

const zstd = ["--compression=zstd"];
const custom = { format: "custom", limit: compressedLimit, more: [] };
const plain = { format: "plain", limit: plainLimit, more: [] };

/** Rows that are cheap on disk and long on the wire, and the formats that they go through. */
const cases = [
  {
    name: "5 GB of rows",
    // Values that are copied stay compressed, and are there much sooner.
    sql: [
      "CREATE TABLE t AS SELECT i, repeat(md5(i::text), 32768) AS x FROM generate_series(1, 50) i",
      "INSERT INTO t SELECT n, x FROM t, generate_series(1, 99) n",
    ],
    formats: [custom, plain],
  },
  {
    name: "8 tables of 150 MB, for 4 jobs",
    sql: Array.from(
      { length: 8 },
      (_, n) => `CREATE TABLE t${n} AS SELECT i, repeat(md5(i::text), 32768) AS x FROM generate_series(1, 150) i`,
    ),
    formats: [
      { ...custom, more: ["--jobs=4"] },
      { ...custom, format: "directory", more: ["--jobs=4", ...zstd] },
      { ...plain, more: ["--jobs=4"] },
    ],
  },
  {
    name: "values of 200 MB",
    sql: ["CREATE TABLE t AS SELECT i, repeat(md5(i::text), 6553600) AS x FROM generate_series(1, 3) i"],
    formats: [custom, { ...custom, more: zstd }, plain],
  },
];

test.each(cases)("$name pass through bounded memory, out and in", async ({ sql, formats }) => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  for (const statement of sql) await database.sql(statement);
  const url = `--url=${database.url}`;
  for (const { format, limit, more } of formats) {
    const how = [format, ...more].join(" ");
    const backup = join(folder.path, `backup.${format}`);
    const dump = ["backup", "single", database.name, url, `--format=${format}`, ...more, `--output=${backup}`];
    expect(await peakMemory(dump), `dump, ${how}`).toBeLessThan(limit);
    await mustDbbackup(["verify", backup]);
    const target = `${database.name}_copy`;
    // A script is run by one session, whatever there are jobs for.
    const jobs = format === "plain" ? [] : more.filter((option) => option.startsWith("--jobs"));
    const restore = ["restore", "single", backup, url, "--target", target, "--create", ...jobs];
    expect(await peakMemory(restore), `restore, ${how}`).toBeLessThan(limit);
    await dropDatabase(database.server, target);
    await rm(backup, { recursive: true });
    await rm(`${backup}.meta.json`, { force: true });
  }
});
