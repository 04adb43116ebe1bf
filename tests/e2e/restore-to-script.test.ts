import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import type { ScriptRequest } from "../../src/ports/restore.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { codec } from "../helpers/codec.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { memoryObject, memorySink } from "../helpers/memory-object.ts";
import { keptEvents, never, restoreRequest } from "../helpers/restore-request.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let zoo: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;
let archive: string;

beforeAll(async () => {
  zoo = await loadZoo(await sharedServer(18));
  folder = await withTemporaryFolder();
  archive = join(folder.path, "zoo.dump");
  await stock(18).must("pg_dump", ["-Fc", "--statistics", "-f", archive, "-d", zoo.url]);
});
afterAll(async () => {
  await zoo?.drop();
  await folder?.[Symbol.asyncDispose]();
});

async function ourScript(file: string, more: Partial<ScriptRequest>): Promise<string[]> {
  const backup = await createPostgresRestorer({ codec, openSpool: openTemporarySpool }).open(
    { kind: "object", object: memoryObject(await readFile(file)) },
    {},
  );
  const { target: _, ...request } = restoreRequest(zoo.server, "");
  const { sink, text } = memorySink();
  await backup.writeScript({ ...request, restrictKey: "k", ...more }, { sink, progress: keptEvents(), signal: never });
  return text().split("\n");
}

async function stockScript(file: string, flags: readonly string[]): Promise<string[]> {
  const { stdout } = await stock(18).must("pg_restore", ["-f", "-", "--restrict-key=k", ...flags, file]);
  return stdout.toString("latin1").split("\n");
}

const cases: [flags: string, request: Partial<ScriptRequest>][] = [
  ["", {}],
  ["--clean --if-exists", { clean: true, ifExists: true }],
  ["--create --clean", { create: true, clean: true }],
  ["--no-owner --no-tablespaces", { noOwner: true, noTablespaces: true }],
  ["--no-table-access-method --no-tablespaces", { noTableAccessMethod: true, noTablespaces: true }],
  [
    "--role=zoo_owner --enable-row-security --schema-only",
    { role: "zoo_owner", enableRowSecurity: true, schemaOnly: true },
  ],
  [
    "--disable-triggers --superuser=zoo_owner --data-only",
    { disableTriggers: true, superuser: "zoo_owner", dataOnly: true },
  ],
  ["--disable-triggers --no-schema", { disableTriggers: true, noSchema: true }],
  ["--use-set-session-authorization", { useSessionAuthorization: true }],
  ["--use-set-session-authorization --clean", { useSessionAuthorization: true, clean: true }],
  ["--use-set-session-authorization --create", { useSessionAuthorization: true, create: true }],
  [
    "--use-set-session-authorization --disable-triggers --superuser=zoo_owner --data-only",
    { useSessionAuthorization: true, disableTriggers: true, superuser: "zoo_owner", dataOnly: true },
  ],
  ["--single-transaction --clean", { singleTransaction: true, clean: true }],
  ["--section=post-data --no-comments --no-policies", { sections: ["post-data"], noComments: true, noPolicies: true }],
  ["--statistics-only", { statisticsOnly: true }],
  ["--table=plain --section=data", { tables: ["plain"], onlyNamed: true, sections: ["data"] }],
  ["--schema=zoo --no-privileges", { schemas: ["zoo"], onlyNamed: true, noPrivileges: true }],
];

describe("--file writes what pg_restore writes, byte for byte", () => {
  test.each(cases)("%s", async (flags, request) => {
    expect(await ourScript(archive, request)).toEqual(await stockScript(archive, flags.split(" ").filter(Boolean)));
  });

  test("in the order of --use-list", async () => {
    const { stdout } = await stock(18).must("pg_restore", ["-l", archive]);
    const lines = stdout
      .toString("latin1")
      .split("\n")
      .filter((line) => /^\d/.test(line));
    const list = join(folder.path, "list");
    const useList = lines
      .filter((_, index) => index % 2 === 0)
      .toReversed()
      .join("\n");
    await writeFile(list, useList, "latin1");
    expect(await ourScript(archive, { useList })).toEqual(await stockScript(archive, [`--use-list=${list}`]));
  });

  test("also of rows as INSERT statements, and of other formats", async () => {
    for (const [name, flags] of Object.entries({ inserts: ["-Fc", "--inserts"], tar: ["-Ft"] })) {
      const file = join(folder.path, name);
      await stock(18).must("pg_dump", [...flags, "-f", file, "-d", zoo.url]);
      expect(await ourScript(file, {})).toEqual(await stockScript(file, []));
    }
  });
});

test("through the program: stdout and a file, from a folder and from standard input, and psql loads it", async () => {
  await using source = await withDatabase(zoo.server);
  await source.sql("CREATE TABLE t AS SELECT i, repeat('x', 100) AS x FROM generate_series(1, 50000) i");
  const backup = join(folder.path, "small");
  const output = ["--format=directory", `--output=${backup}`];
  await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, ...output]);
  const printed = await mustDbbackup(["restore", "single", backup, "-f", "-", "--restrict-key=k"]);
  const file = join(folder.path, "small.sql");
  const { stderr } = await mustDbbackup(["restore", "single", backup, `--file=${file}`, "--restrict-key=k"]);
  expect(stderr).toMatch(/small\.sql" is written: \d+ entries, 50,?000 rows/);
  expect(printed.stdout.equals(await readFile(file))).toBe(true);
  const input = await readFile(archive);
  const piped = await mustDbbackup(["restore", "single", "-", "-f", "-", "--restrict-key=k"], { input });
  expect(piped.stdout.toString("latin1").split("\n")).toEqual(await stockScript(archive, []));
  await using target = await withDatabase(zoo.server);
  await stock(18).must("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, "-d", target.url]);
  expect(await target.sql("SELECT count(*) AS n FROM t")).toEqual([{ n: "50000" }]);

  const again = await dbbackup(["restore", "single", backup, `--file=${file}`]);
  expect(again).toMatchObject({ status: 1, stderr: expect.stringMatching(/exists already/) });
  const list = join(folder.path, "small.list");
  await mustDbbackup(["restore", "single", backup, "--list", `--file=${list}`]);
  expect(await readFile(list, "utf8")).toMatch(/TABLE DATA public t postgres\n$/);
});

test("a damaged backup leaves no script behind", async () => {
  await using source = await withDatabase(zoo.server);
  await source.sql("CREATE TABLE damaged AS SELECT i FROM generate_series(1, 1000) i");
  const backup = join(folder.path, "damaged.dump");
  await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, `--output=${backup}`]);
  const bytes = await readFile(backup);
  bytes.writeUInt8(bytes[bytes.indexOf("damaged")]! ^ 1, bytes.indexOf("damaged"));
  await writeFile(backup, bytes);
  const file = join(folder.path, "damaged.sql");
  const { status, stderr } = await dbbackup(["restore", "single", backup, `--file=${file}`]);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/not what was written|damaged|lacks/),
  });
  await expect(readFile(file)).rejects.toThrow("ENOENT");
});

test.each([
  ["--target=x", /contradict/],
  ["--jobs=2", /--jobs and --file exclude/],
  ["--transaction-size=2", /--transaction-size and --file exclude/],
  ["--on-error=continue", /--on-error continue and --file exclude/],
  ["--json", /both want stdout/],
  ["--superuser=x", /--superuser needs --disable-triggers/],
  ["--disable-triggers", /--disable-triggers needs --data-only/],
])("-f - and %s are refused", async (flag, message) => {
  const { status, stderr } = await dbbackup(["restore", "single", archive, "-f", "-", flag]);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(message) });
});

describe("large objects of a database with standard_conforming_strings = off", () => {
  const contents = "SELECT loid, pageno, encode(data, 'hex') FROM pg_largeobject ORDER BY 1, 2";

  test("arrive as they were, from the archive and through its script, which is pg_restore's", async () => {
    await using source = await withDatabase(zoo.server);
    await source.sql(`
      ALTER DATABASE "${source.name}" SET standard_conforming_strings = off;
      SELECT lo_from_bytea(4711, decode('616263005c275c5c0a', 'hex')), lo_create(4712);
      SELECT lo_from_bytea(0, decode(repeat(md5(i::text), i * i * 20), 'hex')) FROM generate_series(1, 40) AS i;`);
    const file = join(folder.path, "off.dump");
    await stock(18).must("pg_dump", ["-Fc", "-f", file, "-d", source.url]);
    expect(await ourScript(file, {})).toEqual(await stockScript(file, []));

    const script = join(folder.path, "off.sql");
    await writeFile(script, (await ourScript(file, {})).join("\n"), "latin1");
    for (const input of [file, script]) {
      await using target = await withDatabase(zoo.server);
      await mustDbbackup(["restore", "single", input, "--target", target.name, "--url", target.url, "--confirm"]);
      expect(await target.sql(contents), input).toEqual(await source.sql(contents));
      expect(await target.sql("SELECT count(*) FROM pg_largeobject_metadata"), input).toEqual([{ count: "42" }]);
    }
  });

  test("one that is not there fails, even when it is empty", async () => {
    await using source = await withDatabase(zoo.server);
    await source.sql("SELECT lo_create(4711)");
    const file = join(folder.path, "empty.dump");
    await stock(18).must("pg_dump", ["-Fc", "-f", file, "-d", source.url]);
    await using target = await withDatabase(zoo.server);
    const list = join(folder.path, "empty.list");
    const { stdout } = await stock(18).must("pg_restore", ["-l", file]);
    const lines = stdout.toString().split("\n");
    await writeFile(list, lines.filter((line) => line.includes(" BLOBS - ")).join("\n"));
    const onlyData = ["--use-list", list, "--target", target.name, "--url", target.url, "--confirm"];
    const { status, stderr } = await dbbackup(["restore", "single", file, ...onlyData]);
    expect(status).toBe(1);
    expect(stderr).toContain("large object 4711 does not exist");
  });
});
