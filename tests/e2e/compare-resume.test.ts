import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareDatabases } from "../../src/engines/postgres/compare/compare-databases.ts";
import type { Comparison } from "../../src/ports/comparison.ts";
import type { ProgressEvent } from "../../src/ports/progress.ts";
import { openComparisonNotes } from "../../src/storage/local/comparison-notes-file.ts";
import { specOf } from "../helpers/compare-test-databases.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { killCompare } from "../helpers/interrupted-comparison.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const load = `
  create table large (id integer primary key, v text);
  insert into large select i, repeat('v' || i, 20) from generate_series(1, 20000) as i;
  create table middle (id uuid primary key, v text);
  insert into middle select md5(i::text)::uuid, 'v' || i from generate_series(1, 5000) as i;
  create table small (id integer primary key, v text);
  insert into small values (1, 'x');
`;
const limits = { schemaDifferences: 10, dataDifferences: 10, sampleRows: 5 };

async function withFolder() {
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-resume-"));
  return { file: join(folder, "notes"), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** Compares with notes, and stops when so many rows were read. */
async function run(
  left: TestDatabase,
  right: TestDatabase,
  file: string,
  how: "new" | "resume",
  { stopAt = Infinity, program = "test 1" } = {},
): Promise<Comparison> {
  const controller = new AbortController();
  const notes = await openComparisonNotes(file, how);
  try {
    return await compareDatabases(
      { left: specOf(left), right: specOf(right) },
      { schemaOnly: false, limits, jobs: 1, splitLargerThan: 65_536, notes },
      {
        progress: {
          emit: (event: ProgressEvent) => {
            if (event.event === "progress" && event.rows >= stopAt) controller.abort();
          },
        },
        signal: controller.signal,
      },
      program,
    );
  } finally {
    notes.close();
  }
}

test("a comparison that was interrupted goes on: what was equal is not read again, and that is said", async () => {
  await using folder = await withFolder();
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await using right = await withDatabase(server, undefined, left.name);
  await expect(run(left, right, folder.file, "new", { stopAt: 10_000 })).rejects.toMatchObject({ code: "INTERRUPTED" });
  // In a part that was compared, and in one that was not.
  await right.sql("update large set v = 'late' where id = 5; update large set v = 'seen' where id = 19000");
  await right.sql("insert into small values (2, 'y')");
  await expect(run(left, right, folder.file, "resume", { stopAt: 22_000 })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  const result = await run(left, right, folder.file, "resume");
  expect(result.dataDifferences).toMatchObject([
    {
      object: "table public.large",
      leftRows: 20_000,
      rightRows: 20_000,
      samples: [{ key: "(19000)", columns: ["v"] }],
    },
    { object: "table public.small", leftRows: 1, rightRows: 2 },
  ]);
  expect(result.rowsCompared).toBe(25_001);
  expect(result.earlier).toMatchObject({ tables: 0, from: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect(result.earlier!.parts).toBeGreaterThan(10);
  expect(result.notes).toEqual([
    expect.stringMatching(/were equal between .* and were not read again: the result is not of one moment/),
  ]);
  await right.sql(
    "update large set v = (select v from large where id = 1) where false; delete from small where id = 2",
  );
});

test("a part that was equal is read again when rows came or went", async () => {
  await using folder = await withFolder();
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await using right = await withDatabase(server, undefined, left.name);
  await expect(run(left, right, folder.file, "new", { stopAt: 10_000 })).rejects.toMatchObject({ code: "INTERRUPTED" });
  await right.sql("delete from large where id = 77");
  const result = await run(left, right, folder.file, "resume");
  expect(result.dataDifferences).toMatchObject([
    { object: "table public.large", leftRows: 20_000, rightRows: 19_999, samples: [{ key: "(77)", on: "left" }] },
  ]);
});

test("a table that was equal and was changed afterwards is compared again", async () => {
  await using folder = await withFolder();
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await using right = await withDatabase(server, undefined, left.name);
  await expect(run(left, right, folder.file, "new", { stopAt: 20_500 })).rejects.toMatchObject({ code: "INTERRUPTED" });
  for (const { sql } of [left, right]) await sql("alter table large alter id type bigint");
  const result = await run(left, right, folder.file, "resume");
  expect(result).toMatchObject({
    equal: true,
    notes: [expect.stringContaining("table public.large was changed since")],
  });
  expect(result.earlier).toBeUndefined();
});

test("notes of other databases, and of another version of the program, are refused", async () => {
  await using folder = await withFolder();
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await using right = await withDatabase(server, undefined, left.name);
  await expect(run(left, right, folder.file, "new", { stopAt: 10_000 })).rejects.toMatchObject({ code: "INTERRUPTED" });
  await expect(run(right, left, folder.file, "resume")).rejects.toMatchObject({ code: "PRECHECK" });
  await expect(run(left, right, folder.file, "resume", { program: "test 2" })).rejects.toMatchObject({
    code: "PRECHECK",
  });
  expect(await run(left, right, folder.file, "resume")).toMatchObject({ equal: true });
});

test("after kill -9 the command goes on, and removes its notes at the end", async () => {
  await using folder = await withFolder();
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await left.sql("insert into large select i, repeat('v' || i, 20) from generate_series(20001, 200000) as i");
  await using right = await withDatabase(server, undefined, left.name);
  const args = [left.url, right.url, "--state-file", folder.file, "--split-larger-than", "64k", "--jobs", "1"];
  expect(await killCompare(args, 20_000)).toBe(true);
  const refused = await dbbackup(["compare", ...args]);
  expect(refused.stderr).toContain("--resume");
  expect(refused.status).toBe(1);
  const resumed = await dbbackup(["compare", ...args, "--resume", "--json"]);
  expect(JSON.parse(resumed.stdout.toString())).toMatchObject({ equal: true, rows_compared: 205_001 });
  expect(resumed.status).toBe(0);
  await expect(stat(folder.file)).rejects.toMatchObject({ code: "ENOENT" });
  const without = await dbbackup(["compare", left.url, right.url, "--resume"]);
  expect(without.stderr).toContain("--state-file");
  expect(without.status).toBe(2);
});
