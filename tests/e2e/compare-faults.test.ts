import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { both, openBoth } from "../../src/engines/postgres/compare/both-sides.ts";
import { lanesOf } from "../../src/engines/postgres/compare/lanes.ts";
import { compareTestDatabases, specOf } from "../helpers/compare-test-databases.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

const load = `create table large (id integer primary key, v text);
  insert into large select i, repeat('v' || i, 20) from generate_series(1, 20000) as i;`;

test("all sessions of a side see one state, whatever is written meanwhile", async () => {
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await using right = await withDatabase(server, undefined, left.name);
  const specs = { left: specOf(left), right: specOf(right) };
  const { signal } = new AbortController();
  await using sides = await openBoth(specs, signal);
  await using lanes = await lanesOf(sides, { floatBits: false, toUtf8: false }, specs, signal);
  await both(lanes.leader, ({ connection }) => connection.query("select 1"));
  await left.sql("delete from large where id <= 1000");
  await right.sql("truncate large");
  const opened = await lanes.open(3);
  expect(opened).toHaveLength(3);
  const counts = await Promise.all(
    opened.map((lane) => both(lane, ({ connection }) => connection.query("select count(*) from public.large"))),
  );
  expect(new Set(counts.map((pair) => String(pair[0].rows[0])))).toEqual(new Set(["20000"]));
  // TRUNCATE is not of snapshots: who comes later finds the table empty.
  expect(await lanes.open(2)).toHaveLength(3);
});

test("writers on both sides do not change what is compared while it is compared", async () => {
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await using right = await withDatabase(server, undefined, left.name);
  let isWriting = false;
  const writers: Promise<unknown>[] = [];
  const { compareDatabases } = await import("../../src/engines/postgres/compare/compare-databases.ts");
  const result = await compareDatabases(
    { left: specOf(left), right: specOf(right) },
    {
      schemaOnly: false,
      limits: { schemaDifferences: 5, dataDifferences: 5, sampleRows: 5 },
      jobs: 2,
      splitLargerThan: 65_536,
    },
    {
      progress: {
        emit: ({ event }) => {
          // The snapshots are taken: from here on nothing that is written is seen.
          if (event !== "estimate" || isWriting) return;
          isWriting = true;
          writers.push(left.sql("update large set v = 'left' where id % 3 = 0; delete from large where id > 19000"));
          writers.push(right.sql("update large set v = 'right', id = -id where id % 5 = 0"));
        },
      },
      signal: new AbortController().signal,
    },
  );
  await Promise.all(writers);
  expect(isWriting).toBe(true);
  expect(result).toMatchObject({ equal: true, rowsCompared: 20_000 });
});

test("a connection that is cut ends the comparison with 1, and what was equal is kept", async () => {
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(load);
  await using right = await withDatabase(server, undefined, left.name);
  await using proxy = await TcpProxy.start({ targetPort: server.port, cutAfterServerBytes: 1_500_000 });
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-cut-"));
  try {
    const state = ["--state-file", join(folder, "notes"), "--split-larger-than", "64k", "--jobs", "1"];
    const through = right.url.replace(`:${server.port}/`, `:${proxy.port}/`);
    const cut = await dbbackup(["compare", left.url, through, ...state]);
    expect(cut.status).toBe(1);
    expect(cut.stderr).toContain("--resume");
    const resumed = await dbbackup(["compare", left.url, right.url, ...state, "--resume", "--json"]);
    expect(JSON.parse(resumed.stdout.toString())).toMatchObject({ equal: true, rows_compared: 20_000 });
    expect(JSON.parse(resumed.stdout.toString()).compared_earlier.parts).toBeGreaterThan(3);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("rows that a role may not read are an error that names the table, never equal", async () => {
  const server = await sharedServer(18);
  await using left = await withDatabase(server);
  await left.sql(`${load}; create table hidden (i integer)`);
  await using right = await withDatabase(server, undefined, left.name);
  await using roles = await withRoles(server, ["compare_without_rights"]);
  await left.sql(`alter role ${roles.quoted[0]} login`);
  for (const { sql } of [left, right]) await sql(`grant select on large to ${roles.quoted[0]}`);
  await expect(compareTestDatabases(left, right, { jobs: 2 }, "compare_without_rights")).rejects.toMatchObject({
    code: "SERVER",
    message: expect.stringContaining("hidden"),
  });
  // Nor rows that a policy would hide.
  for (const { sql } of [left, right]) {
    await sql(`grant select on hidden to ${roles.quoted[0]}; alter table large enable row level security;
      create policy none on large using (false)`);
  }
  await expect(compareTestDatabases(left, right, { jobs: 2 }, "compare_without_rights")).rejects.toMatchObject({
    code: "SERVER",
    message: expect.stringContaining("large"),
  });
  for (const { sql } of [left, right]) await sql(`drop owned by ${roles.quoted[0]}`);
});
