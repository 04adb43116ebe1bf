import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { BackupError } from "../../src/core/backup-error.ts";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import type { ProgressEvent } from "../../src/ports/progress.ts";
import type { RestoreRequest, RestoreResult } from "../../src/ports/restore.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import {
  type SampleData,
  sampleArchive,
  sampleEntry,
  sampleHeaderEntries,
  writeArchive,
} from "../helpers/archive-samples.ts";
import { codec } from "../helpers/codec.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { serverSql } from "../helpers/postgres-server.ts";
import { keptEvents, never, restoreRequest } from "../helpers/restore-request.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const restorer = createPostgresRestorer({ codec, openSpool: openTemporarySpool });
/** Far more than the buffers of a socket hold: what ends a session while they are sent, ends it before they are all there. */
const manyRows = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => `${index}\tname of ${index}\n`).join(""));

let server: ServerAddress;
beforeAll(async () => {
  server = await sharedServer(18);
});

async function restore(
  archive: Buffer,
  request: RestoreRequest,
  options: { signal?: AbortSignal; onEvent?: (event: ProgressEvent) => void } = {},
): Promise<RestoreResult> {
  const backup = await restorer.open({ kind: "object", object: memoryObject(archive) }, {});
  const sink = options.onEvent === undefined ? keptEvents() : { emit: options.onEvent };
  return await backup.run(request, sink, options.signal ?? never);
}

function failure(run: Promise<unknown>): Promise<BackupError> {
  return run.then(
    () => {
      throw new Error("it succeeded");
    },
    (error: unknown) => {
      if (error instanceof BackupError) return error;
      throw error;
    },
  );
}

/** The sample without large objects: nothing has to exist before. */
function tableArchive(rows: Buffer, change: (entries: TocEntry[]) => TocEntry[] = (entries) => entries) {
  const { entries } = sampleArchive();
  const data: SampleData = new Map([[2, rows]]);
  return writeArchive(change(entries.filter(({ desc }) => desc !== "BLOBS")), data, "gzip", 16);
}

async function tables(database: TestDatabase) {
  return await database.sql(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  );
}

async function exists(name: string): Promise<boolean> {
  return (await serverSql(server, `SELECT 1 FROM pg_database WHERE datname = '${name}'`)).length === 1;
}

/** Runs something once, as soon as some rows are on their way. */
function onFirstBytes(action: () => void) {
  let done = false;
  return (event: ProgressEvent): void => {
    if (done || event.event !== "progress" || event.bytes === 0) return;
    done = true;
    action();
  };
}

/** Ends all sessions with a database when its first rows are sent. We stand still meanwhile, so that these are not the last. */
async function sessionsEnder(database: string) {
  const psql = await stock(18).path("psql");
  const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`;
  return onFirstBytes(() => {
    const { status } = spawnSync(psql, ["-X", "-c", sql, databaseUrl(server, "postgres")], { stdio: "ignore" });
    expect(status).toBe(0);
  });
}

async function expectDamage(archive: Buffer, message: string, more: Partial<RestoreRequest> = {}): Promise<void> {
  await using target = await withDatabase(server);
  const error = await failure(restore(archive, restoreRequest(server, target.name, { onError: "continue", ...more })));
  expect(error).toMatchObject({ code: "DAMAGED", message: expect.stringContaining(message) });
  if ((await tables(target)).length > 0) {
    expect(await target.sql("SELECT count(*) AS n FROM public.t")).toEqual([{ n: "0" }]);
  }
}

/** A table of an unknown type with its rows, and an index on a column that is not there. */
function broken(entries: TocEntry[]): TocEntry[] {
  const table = entries.find(({ desc }) => desc === "TABLE")!;
  const bad = {
    dumpId: 20,
    tag: "bad",
    definition: "CREATE TABLE public.bad (\n    id integer,\n    x nosuchtype\n);\n",
  };
  const data = {
    dumpId: 21,
    tag: "bad",
    desc: "TABLE DATA",
    section: "data",
    hadDumper: true,
    dependencies: [20],
  } as const;
  const copy = "COPY public.bad (id) FROM stdin;\n";
  const late = {
    dumpId: 22,
    desc: "INDEX",
    section: "post-data",
    definition: "CREATE INDEX i ON public.t (nosuch);\n",
  } as const;
  return [
    ...entries.slice(0, 4),
    sampleEntry({ ...table, ...bad }),
    ...entries.slice(4),
    sampleEntry({ namespace: "public", copy, ...data }),
    sampleEntry({ namespace: "public", tag: "i", ...late }),
  ];
}

async function brokenArchive(): Promise<Buffer> {
  const { entries } = sampleArchive();
  const data = new Map([
    [2, Buffer.from("1\tone\n")],
    [21, Buffer.from("1\n")],
  ]);
  return await writeArchive(broken(entries.filter(({ desc }) => desc !== "BLOBS")), data);
}

describe("a connection that is cut in the middle of the rows", () => {
  test("ends with an error that names the incomplete target", async () => {
    await using target = await withDatabase(server);
    const kill = await sessionsEnder(target.name);
    const request = restoreRequest(server, target.name, { onError: "continue" });
    const error = await failure(restore(await tableArchive(manyRows), request, { onEvent: kill }));
    expect(error.code).toBe("CONNECTION_LOST");
    expect(error.message).toContain('restoring TABLE DATA "public.t" failed');
    expect(error.message).toContain(`database "${target.name}" is incomplete`);
  });

  test("drops a database that the run itself created", async () => {
    const kill = await sessionsEnder("restore_cut");
    const request = restoreRequest(server, "restore_cut", { create: true });
    const error = await failure(restore(await tableArchive(manyRows), request, { onEvent: kill }));
    expect(error.code).toBe("CONNECTION_LOST");
    expect(error.message).toContain('"restore_cut", which this run created, was dropped again');
    expect(await exists("restore_cut")).toBe(false);
  });
});

test("an interruption stops the server and drops what the run created", async () => {
  const controller = new AbortController();
  const request = restoreRequest(server, "restore_interrupted", { create: true });
  const run = restore(await tableArchive(manyRows), request, {
    signal: controller.signal,
    onEvent: onFirstBytes(() => controller.abort()),
  });
  const error = await failure(run);
  expect(error).toMatchObject({ code: "INTERRUPTED", exitStatus: 130 });
  expect(await exists("restore_interrupted")).toBe(false);
});

describe("what is not what was backed up", () => {
  const rows = Buffer.from("1\tone\n2\ttwo\n");

  test("fewer rows than the metadata says", async () => {
    const expectedRows = new Map([["public\0t", { rows: 3, checksum: "0".repeat(32) }]] as const);
    await expectDamage(await tableArchive(rows), "there are 2, and the metadata says 3", { expectedRows });
  });

  test("as many rows, but others", async () => {
    const expectedRows = new Map([["public\0t", { rows: 2, checksum: "0".repeat(32) }]] as const);
    await expectDamage(await tableArchive(rows), "checksum", { expectedRows });
  });

  test("a table of the metadata that is missing altogether", async () => {
    const expectedRows = new Map([["public\0gone", { rows: 2, checksum: "0".repeat(32) }]] as const);
    await expectDamage(
      await tableArchive(rows),
      'lacks the rows of 1 table that its metadata lists (first: "public.gone")',
      { expectedRows },
    );
  });

  test("a flipped bit in the compressed rows", async () => {
    const archive = await tableArchive(rows);
    const at = archive.lastIndexOf(Buffer.from([0x78])) + 6;
    archive[at] = archive[at]! ^ 0x10;
    await expectDamage(archive, "");
  });

  test("a truncated archive is refused before anything is touched", async () => {
    await using target = await withDatabase(server);
    const archive = await tableArchive(rows);
    const cut = archive.subarray(0, archive.length - 1);
    const error = await failure(restore(cut, restoreRequest(server, target.name)));
    expect(error.code).toBe("DAMAGED");
    expect(error.message).not.toContain("incomplete");
    expect(await tables(target)).toEqual([]);
  });

  test("rows that are loaded with something else than COPY FROM stdin", async () => {
    for (const copy of [
      "COPY public.t (id, name) FROM PROGRAM 'id';\n",
      "COPY public.t FROM '/etc/passwd';\n",
      "COPY public.t (id, name) FROM stdin; DROP TABLE x;\n",
      "COPY public.t (\"a FROM stdin;\n\") FROM 'x';\n",
    ]) {
      const archive = await tableArchive(rows, (entries) =>
        entries.map((entry) => (entry.dumpId === 2 ? Object.assign({}, entry, { copy }) : entry)),
      );
      await expectDamage(archive, "loads its rows with a statement that pg_dump does not write");
    }
  });

  test("more behind the end of the rows", async () => {
    await expectDamage(
      await tableArchive(Buffer.from("1\tone\n\\.\nDROP TABLE x;\n")),
      "there is more behind the line",
    );
  });
});

describe("--on-error continue", () => {
  test("goes on, counts, and says what failed", async () => {
    await using target = await withDatabase(server);
    const result = await restore(await brokenArchive(), restoreRequest(server, target.name, { onError: "continue" }));
    expect(result).toMatchObject({ failed: 2, rows: 1 });
    expect(result.failures).toMatchObject([
      { object: 'TABLE "public.bad"', sqlState: "42704", statement: "CREATE TABLE public.bad (" },
      { object: 'INDEX "public.i"', sqlState: "42703", statement: "CREATE INDEX i ON public.t (nosuch);" },
    ]);
    expect(await target.sql("SELECT count(*) AS n FROM public.t")).toEqual([{ n: "1" }]);
  });

  test("stop is the default, and the error shows the line", async () => {
    await using target = await withDatabase(server);
    const error = await failure(restore(await brokenArchive(), restoreRequest(server, target.name)));
    expect(error).toMatchObject({ code: "SERVER", sqlState: "42704" });
    expect(error.message).toMatch(/^restoring TABLE "public\.bad" failed: .*nosuchtype.* is incomplete$/);
    expect(error.details).toContain("statement: CREATE TABLE public.bad (");
    expect(error.details).toContain("line 3 of it: x nosuchtype");
  });
});

describe("bytes of any encoding stay as they are", () => {
  const everyByte = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1))
    .filter((unit) => !"\\\n\r\t".includes(unit))
    .join("");

  test.each(["SQL_ASCII", "LATIN1"])("%s", async (encoding) => {
    const name = `restore_${encoding.toLowerCase()}`;
    const entries = sampleHeaderEntries(100, encoding).map((entry) =>
      entry.desc === "DATABASE"
        ? Object.assign({}, entry, {
            definition: `CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = '${encoding}' LOCALE = 'C';\n`,
          })
        : entry,
    );
    entries.push(
      sampleEntry({
        dumpId: 1,
        tag: "\xe4",
        desc: "TABLE",
        definition: 'CREATE TABLE public."\xe4" (a text);\n',
        drop: 'DROP TABLE public."\xe4";\n',
        namespace: "public",
        owner: "postgres",
      }),
      sampleEntry({
        dumpId: 2,
        hadDumper: true,
        tag: "\xe4",
        desc: "TABLE DATA",
        section: "data",
        copy: 'COPY public."\xe4" (a) FROM stdin;\n',
        namespace: "public",
        dependencies: [1],
      }),
    );
    const archive = await writeArchive(entries, new Map([[2, Buffer.from(`${everyByte}\n`, "latin1")]]));
    const result = await restore(archive, restoreRequest(server, name, { create: true }));
    expect(result).toMatchObject({ rows: 1, failed: 0 });
    const [row] = await serverSql(
      server,
      `DO $$ BEGIN EXECUTE format('CREATE VIEW public.v AS SELECT a FROM public.%I', (SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace)); END $$;
         SELECT encode(convert_to(a, '${encoding}'), 'hex') AS bytes FROM public.v`,
      name,
    );
    expect(row).toEqual({ bytes: Buffer.from(everyByte, "latin1").toString("hex") });
    await serverSql(server, `DROP DATABASE ${name}`);
  });
});

test("a target that is missing is named with the flag that helps", async () => {
  const backup = await restorer.open({ kind: "object", object: memoryObject(await tableArchive(Buffer.alloc(0))) }, {});
  const request = restoreRequest(server, "restore_no_such");
  for (const run of [() => backup.preCheck(request, never), () => backup.run(request, keptEvents(), never)]) {
    expect(await failure(run())).toMatchObject({
      code: "TARGET_MISSING",
      message: 'database "restore_no_such" does not exist',
      hint: expect.stringContaining("--create"),
    });
  }
});

describe("options that exclude each other", () => {
  test.each([
    [{ schemaOnly: true, dataOnly: true }],
    [{ clean: true, dataOnly: true }],
    [{ ifExists: true }],
    [{ singleTransaction: true, onError: "continue" }],
    [{ singleTransaction: true, create: true }],
  ] as const)("%j", async (more) => {
    const backup = await restorer.open(
      { kind: "object", object: memoryObject(await tableArchive(Buffer.alloc(0))) },
      {},
    );
    expect(() => backup.plan(restoreRequest(server, "x", more))).toThrow(BackupError);
  });
});
