import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
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

/** A table whose rows are cheap on disk and long on the wire. */
const contents = {
  "5 GB of rows": "CREATE TABLE t AS SELECT i, repeat(md5(i::text), 32768) AS x FROM generate_series(1, 5000) i",
  "values of 200 MB": "CREATE TABLE t AS SELECT i, repeat(md5(i::text), 6553600) AS x FROM generate_series(1, 3) i",
};

test.each(Object.entries(contents))("%s pass through bounded memory, out and in", async (_, sql) => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql(sql);
  const url = `--url=${database.url}`;
  for (const { format, limit, more } of [
    { format: "custom", limit: compressedLimit, more: [] },
    { format: "custom", limit: compressedLimit, more: ["--compression=zstd"] },
    { format: "plain", limit: plainLimit, more: [] },
  ]) {
    const file = join(folder.path, `${format}${more.length}.backup`);
    const dumped = await peakMemory([
      "backup",
      "single",
      database.name,
      url,
      `--format=${format}`,
      ...more,
      `--output=${file}`,
    ]);
    expect(dumped, `dump, ${format} ${more.join(" ")}`).toBeLessThan(limit);
    expect(statSync(file).size).toBeGreaterThan(1000);
    const target = `${database.name}_copy`;
    const restored = await peakMemory(["restore", "single", file, url, "--target", target, "--create"]);
    expect(restored, `restore, ${format} ${more.join(" ")}`).toBeLessThan(limit);
    await dropDatabase(database.server, target);
  }
  await mustDbbackup(["verify", join(folder.path, "custom0.backup")]);
});
