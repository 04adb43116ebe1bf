import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BackupError } from "../../src/core/backup-error.ts";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import type { RestoreInput, RestoreRequest } from "../../src/ports/restore.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { codec } from "../helpers/codec.ts";
import { memoryObject, memoryStream } from "../helpers/memory-object.ts";
import { type ServerAddress, serverSql } from "../helpers/postgres-server.ts";
import { keptEvents, never, restoreRequest } from "../helpers/restore-request.ts";
import { restoreZoo } from "../helpers/restore-zoo.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const restorer = createPostgresRestorer({ codec, openSpool: openTemporarySpool });

function asObject(bytes: Uint8Array): RestoreInput {
  return { kind: "object", object: memoryObject(bytes) };
}

function asStream(bytes: Uint8Array): RestoreInput {
  return { kind: "stream", stream: memoryStream(bytes, 10_000) };
}

async function run(input: RestoreInput, request: RestoreRequest) {
  const backup = await restorer.open(input, {});
  return await backup.run(request, keptEvents(), never);
}

function failure(attempt: Promise<unknown>): Promise<BackupError> {
  return attempt.then(
    () => {
      throw new Error("it succeeded");
    },
    (error: unknown) => {
      if (error instanceof BackupError) return error;
      throw error;
    },
  );
}

async function relations(database: TestDatabase): Promise<number> {
  const rows = await database.sql("SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace");
  return rows.length;
}

describe.each([15, 17, 18] as const)("scripts of stock pg_dump %i", (major) => {
  let source: TestDatabase;
  let original: Buffer;

  async function dump(url: string, ...flags: string[]): Promise<Buffer> {
    const { stdout } = await stock(major).must("pg_dump", ["--restrict-key=k", ...flags, "-d", url]);
    return stdout;
  }

  beforeAll(async () => {
    source = await withDatabase(await sharedServer(major));
    await source.sql(restoreZoo(major));
    original = await dump(source.url);
  });
  afterAll(() => source.drop());

  test("give the same database, from a file, compressed or not, and from a stream", async () => {
    const inputs = [asObject(original), asStream(original)];
    if (major === 17) {
      inputs.push(asObject(gzipSync(original)), asStream(zstdCompressSync(original)));
      inputs.push(asObject(await dump(source.url, "--inserts")));
    }
    for (const input of inputs) {
      await using target = await withDatabase(source.server);
      const backup = await restorer.open(input, {});
      const request = restoreRequest(target.server, target.name);
      expect(await backup.preCheck(request, never)).toEqual([]);
      const result = await backup.run(request, keptEvents(), never);
      expect(result).toMatchObject({ target: target.name, created: false, failed: 0, warnings: [] });
      expect((await dump(target.url)).equals(original)).toBe(true);
    }
  });

  test("--create runs a script that creates its database itself", async () => {
    const name = `script's "${major}"`;
    const quoted = `"${name.replaceAll('"', '""')}"`;
    const server = source.server;
    {
      await using made = await withDatabase(server, name);
      await made.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (7)");
      await made.sql(`ALTER DATABASE ${quoted} SET work_mem = '6MB'`);
      original = await dump(made.url, "-C");
    }
    const request = { ...restoreRequest(server, name), create: true };
    const result = await run(asObject(original), request);
    expect(result).toMatchObject({ target: name, created: true, failed: 0, rows: 1 });
    expect(await serverSql(server, "SELECT a, current_setting('work_mem') AS w FROM t", name)).toEqual([
      { a: "7", w: "6MB" },
    ]);
    const other = await failure(run(asObject(original), { ...request, target: "another" }));
    expect(other).toMatchObject({ code: "USAGE", message: `the script connects to database "${name}"` });
    const without = await failure(run(asObject(original), { ...request, create: false }));
    expect(without).toMatchObject({ code: "USAGE", hint: expect.stringContaining("--create") });
    await serverSql(server, `DROP DATABASE ${quoted}`);
  });
});

describe("nothing is sent of a script that must be refused", () => {
  let server: ServerAddress;
  beforeAll(async () => {
    server = await sharedServer(18);
  });

  const hostile: [string, string][] = [
    ["a shell command", "\\! touch /tmp/owned"],
    ["a copy by the client", "\\copy made TO PROGRAM 'touch /tmp/owned'"],
    ["another file", "\\i /etc/passwd"],
    ["a pipe", "\\o |touch /tmp/owned"],
    ["backticks", "\\set x `touch /tmp/owned`"],
    ["a variable", "SELECT :'HOME';"],
    ["another server", "\\connect - - evil.example 5432"],
    ["a command within a statement", "SELECT 1 \\g |touch /tmp/owned"],
    ["a cut COPY", "COPY made FROM stdin;\n1\n2"],
    ["a cut string", "SELECT 'abc"],
    ["a wrong key", "\\restrict a\nSELECT 1;\n\\unrestrict b"],
    ["a connection in a restricted part", "\\restrict a\n\\connect postgres\n\\unrestrict a"],
  ];

  test.each(hostile)("%s, at the end of a file", async (_name, text) => {
    await using target = await withDatabase(server);
    const script = Buffer.from(`CREATE TABLE made (a int);\n${text}\n`);
    expect(["FOREIGN_FILE", "DAMAGED"]).toContain(
      (await failure(run(asObject(script), restoreRequest(server, target.name)))).code,
    );
    expect(await relations(target)).toBe(0);
  });

  test("from a stream it is refused where it stands, and the target is named as incomplete", async () => {
    await using target = await withDatabase(server);
    const script = Buffer.from(`CREATE TABLE made (a int);\n${" ".repeat(20_000)}\\! ls\n`);
    const error = await failure(run(asStream(script), restoreRequest(server, target.name)));
    expect(error).toMatchObject({ code: "FOREIGN_FILE" });
    expect(error.message).toContain(`database "${target.name}" is incomplete`);
  });

  test("a stream that is cut within COPY undoes that COPY", async () => {
    await using target = await withDatabase(server);
    const script = Buffer.from("CREATE TABLE made (a int);\nCOPY made FROM stdin;\n1\n2\n");
    const error = await failure(run(asStream(script), restoreRequest(server, target.name)));
    expect(error).toMatchObject({
      code: "DAMAGED",
      message: expect.stringContaining("within the rows of the COPY on line 2"),
    });
    expect(await target.sql("SELECT count(*) AS n FROM made")).toEqual([{ n: "0" }]);
  });

  test("files that are no scripts", async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0, 1, 2, 3]), gzipSync(Buffer.from([0, 1]))]) {
      expect((await failure(restorer.open(asObject(bytes), {}))).code).toBe("FOREIGN_FILE");
    }
    expect((await failure(restorer.open(asObject(gzipSync("SELECT 1;").subarray(0, 12)), {}))).code).toBe("DAMAGED");
  });
});

describe("running", () => {
  let server: ServerAddress;
  beforeAll(async () => {
    server = await sharedServer(18);
  });

  const broken = Buffer.from(
    "CREATE TABLE made (a int);\n\nCREATE TABLE bad (\n  a int,\n  b nosuch\n);\nCOPY bad FROM stdin;\n1\n\\.\nINSERT INTO made VALUES (1);\nCOPY made FROM stdin;\nx\n\\.\n",
  );

  test("stops at the first error with its line, statement and place", async () => {
    await using target = await withDatabase(server);
    const error = await failure(run(asObject(broken), restoreRequest(server, target.name)));
    expect(error).toMatchObject({ code: "SERVER", sqlState: "42704" });
    expect(error.message).toMatch(/^restoring line 3 failed: .* is incomplete$/);
    expect(error.details).toContain("statement: CREATE TABLE bad (");
    expect(error.details).toContain("line 3 of it: b nosuch");
  });

  test("goes on with --on-error continue, and counts", async () => {
    await using target = await withDatabase(server);
    const result = await run(asObject(broken), restoreRequest(server, target.name, { onError: "continue" }));
    expect(result).toMatchObject({ done: 2, failed: 3 });
    expect(result.failures.map(({ object, sqlState }) => [object, sqlState])).toEqual([
      ["line 3", "42704"],
      ["line 7", "42P01"],
      ["line 11", "22P02"],
    ]);
    expect(await target.sql("SELECT a FROM made")).toEqual([{ a: "1" }]);
  });

  test("--single-transaction undoes all, and takes large objects' own transactions into the one", async () => {
    await using target = await withDatabase(server);
    const objects =
      "SELECT lo_create(4711);\nBEGIN;\nSELECT lo_open('4711', 131072);\nSELECT lowrite(0, '\\x61');\nCOMMIT;\n";
    const request = restoreRequest(server, target.name, { singleTransaction: true });
    const bad = Buffer.from(`CREATE TABLE made (a int);\n${objects}SELECT 1/0;\n`);
    expect((await failure(run(asObject(bad), request))).message).toContain("is as it was");
    expect(await relations(target)).toBe(0);
    expect(await target.sql("SELECT count(*) AS n FROM pg_largeobject_metadata")).toEqual([{ n: "0" }]);
    await run(asObject(Buffer.from(`CREATE TABLE made (a int);\n${objects}`)), request);
    expect(await target.sql("SELECT lo_get(4711) AS b")).toEqual([{ b: "\\x61" }]);
    const other = asObject(Buffer.from("SELECT 1;\nSAVEPOINT a;\n"));
    expect(await failure(run(other, request))).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("line 2"),
    });
  });

  test("--create makes an empty database for a script that does not, and drops it when the script fails", async () => {
    const good = Buffer.from(
      "SET client_encoding = 'LATIN1';\nCREATE TABLE made (a text);\nCOPY made FROM stdin;\n\xe4\n\\.\n",
      "latin1",
    );
    const request = restoreRequest(server, "script_create", { create: true });
    expect(await run(asObject(good), request)).toMatchObject({ created: true, rows: 1 });
    const [row] = await serverSql(
      server,
      "SELECT current_setting('server_encoding') AS e, ascii(a) AS c FROM made",
      "script_create",
    );
    expect(row).toEqual({ e: "UTF8", c: "228" });
    await serverSql(server, "DROP DATABASE script_create");
    const error = await failure(run(asObject(broken), request));
    expect(error.message).toContain("was dropped again");
    expect(await serverSql(server, "SELECT 1 FROM pg_database WHERE datname = 'script_create'")).toEqual([]);
  });

  test("settings that the server does not know are left out, and said", async () => {
    const old = await sharedServer(15);
    await using target = await withDatabase(old);
    const script = Buffer.from(
      "SET statement_timeout = 0;\nSET transaction_timeout = 0;\nCREATE TABLE made (a int);\n",
    );
    const result = await run(asObject(script), restoreRequest(old, target.name));
    expect(result).toMatchObject({ failed: 0, warnings: [expect.stringContaining("line 2")] });
  });

  test("a script that changes how strings end behind our back is stopped", async () => {
    await using target = await withDatabase(server);
    const script = Buffer.from(
      "SELECT set_config('standard_conforming_strings', 'off', false);\nCREATE TABLE made (a int);\n",
    );
    expect((await failure(run(asObject(script), restoreRequest(server, target.name)))).code).toBe("FOREIGN_FILE");
    expect(await relations(target)).toBe(0);
  });

  test("options that a script cannot honour are refused", async () => {
    const backup = await restorer.open(asObject(Buffer.from("SELECT 1;")), {});
    for (const more of [
      { schemaOnly: true },
      { dataOnly: true },
      { tables: ["t"] },
      { noOwner: true },
      { clean: true, ifExists: true },
    ]) {
      expect(() => backup.plan(restoreRequest(server, "x", more))).toThrow("cannot be honoured");
    }
  });

  test("the metadata's rows are compared", async () => {
    await using target = await withDatabase(server);
    const script = Buffer.from("CREATE TABLE public.made (a int);\nCOPY public.made (a) FROM stdin;\n1\n\\.\n");
    const expectedRows = new Map([["public\0made", { rows: 2, checksum: "0".repeat(32) }]] as const);
    const error = await failure(run(asObject(script), restoreRequest(server, target.name, { expectedRows })));
    expect(error).toMatchObject({
      code: "DAMAGED",
      message: expect.stringContaining("there are 1, and the metadata says 2"),
    });
  });

  test("what needs trust is listed, and refused with --untrusted", async () => {
    await using target = await withDatabase(server);
    const script = Buffer.from(
      "COPY t TO PROGRAM 'ls';\nCREATE EXTENSION hstore;\nALTER SYSTEM SET work_mem = '1GB';\n",
    );
    const backup = await restorer.open(asObject(script), {});
    const request = restoreRequest(server, target.name, { untrusted: true });
    expect(backup.plan(request).needsTrust).toHaveLength(3);
    const findings = await backup.preCheck(request, never);
    expect(findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(Array(3).fill("error needs-trust"));
  });
});

describe("statements that are too long to be held", () => {
  const long = "x".repeat(9 * 1024 * 1024);
  const script = (second: string): Buffer =>
    Buffer.from(
      `CREATE TABLE long (a text);\nINSERT INTO long\nVALUES ('${long}\n');\n${second}\nINSERT INTO long VALUES ('short');\n`,
    );
  const rows = "SELECT length(a)::text AS n FROM long";

  test.each(["object", "stream"])("run one after another, from a stored %s", async (kind) => {
    await using target = await withDatabase(await sharedServer(18));
    const bytes = script(`INSERT INTO long VALUES ('${long}y');`);
    const input = kind === "object" ? asObject(bytes) : asStream(bytes);
    expect(await run(input, restoreRequest(target.server, target.name))).toMatchObject({ done: 4, failed: 0 });
    expect(await target.sql(rows)).toEqual([{ n: `${long.length + 1}` }, { n: `${long.length + 1}` }, { n: "5" }]);
  });

  test("that fail are named by their line and how they begin, and the others run", async () => {
    await using target = await withDatabase(await sharedServer(18));
    const input = asObject(script(`INSERT INTO nowhere VALUES ('${long}');`));
    const result = await run(input, restoreRequest(target.server, target.name, { onError: "continue" }));
    expect(result).toMatchObject({ done: 3, failed: 1 });
    expect(result.failures[0]).toMatchObject({
      object: "line 5",
      message: expect.stringContaining('relation "nowhere" does not exist'),
      statement: expect.stringMatching(/^INSERT INTO nowhere VALUES \('x{100,200}/),
    });
    expect(await target.sql(rows)).toEqual([{ n: `${long.length + 1}` }, { n: "5" }]);
  });

  test("are said not to have been looked at", async () => {
    await using target = await withDatabase(await sharedServer(18));
    const backup = await restorer.open(asObject(script("")), {});
    const { needsTrust } = backup.plan(restoreRequest(target.server, target.name));
    expect(needsTrust).toEqual([expect.stringMatching(/^line 2 \(INSERT INTO long\) is too long to be looked at$/)]);
  });
});
