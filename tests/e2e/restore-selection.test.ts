import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chosenByFiles } from "../../src/commands/chosen-by-files.ts";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import type { RestorableBackup, RestoreRequest } from "../../src/ports/restore.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { codec } from "../helpers/codec.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import { restoreRequest } from "../helpers/restore-request.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let zoo: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;
let archive: string;
let backup: RestorableBackup;

const analyze = `DO $$ DECLARE r regclass; BEGIN
  FOR r IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace >= 16384 LOOP
    EXECUTE format('ANALYZE %s', r);
  END LOOP; END $$`;

beforeAll(async () => {
  zoo = await loadZoo(await sharedServer(18));
  await zoo.sql(analyze);
  folder = await withTemporaryFolder();
  archive = join(folder.path, "zoo.dump");
  await stock(18).must("pg_dump", ["-Fc", "--statistics", "-f", archive, "-d", zoo.url]);
  backup = await createPostgresRestorer({ codec, openSpool: openTemporarySpool }).open(
    { kind: "object", object: memoryObject(await readFile(archive)) },
    {},
  );
});
afterAll(async () => {
  await zoo?.drop();
  await folder?.[Symbol.asyncDispose]();
});

async function stockListing(...flags: string[]): Promise<string> {
  const { stdout } = await stock(18).must("pg_restore", ["-l", ...flags, archive]);
  return stdout.toString("latin1");
}

function ourListing(more: Partial<RestoreRequest>): string {
  const { listing } = backup.plan(restoreRequest(zoo.server, "x", more));
  return Buffer.from(`${listing.join("\n")}\n`).toString("latin1");
}

async function shuffled(): Promise<string[]> {
  const lines = (await stockListing()).split("\n").filter((line) => /^\d/.test(line));
  const kept = lines.filter((_, index) => index % 3 > 0).map((line, index) => (index % 7 === 0 ? `;${line}` : line));
  return ["; a comment", "", ...kept.slice(200), ...kept.slice(0, 200)];
}

/** Bytes of the archive's UTF-8 as text. */
function unicode(names: readonly string[]): string[] {
  return names.map((name) => Buffer.from(name, "latin1").toString());
}

function readText(path: string): Promise<string> {
  return readFile(path, "utf8");
}

const oddTable = 'Table "two" \\. 名';

const cases: [flags: string[], request: Partial<RestoreRequest>][] = [
  [[], {}],
  [["--create"], { create: true }],
  [["--schema-only"], { schemaOnly: true }],
  [["--data-only"], { dataOnly: true }],
  [["--statistics-only"], { statisticsOnly: true }],
  [["--no-schema"], { noSchema: true }],
  [["--no-data"], { noData: true }],
  [["--no-schema", "--no-data"], { noSchema: true, noData: true }],
  [["--no-statistics"], { noStatistics: true }],
  [["--section=pre-data"], { sections: ["pre-data"] }],
  [["--section=data"], { sections: ["data"] }],
  [["--section=post-data"], { sections: ["post-data"] }],
  [["--section=pre-data", "--section=post-data", "--create"], { sections: ["pre-data", "post-data"], create: true }],
  [["--section=data", "--schema-only"], { sections: ["data"], schemaOnly: true }],
  [["--no-privileges"], { noPrivileges: true }],
  [["--no-comments"], { noComments: true }],
  [["--no-policies"], { noPolicies: true }],
  [["--no-publications"], { noPublications: true }],
  [["--no-subscriptions"], { noSubscriptions: true }],
  [["--no-security-labels"], { noSecurityLabels: true }],
  [["--schema=zoo"], { schemas: ["zoo"], onlyNamed: true }],
  [["--schema=zoo", "--schema=UPPER", "--create"], { schemas: ["zoo", "UPPER"], onlyNamed: true, create: true }],
  [["--exclude-schema=zoo"], { excludedSchemas: ["zoo"], onlyNamed: true }],
  [["--table=plain"], { tables: ["plain"], onlyNamed: true }],
  [["--table=filled", "--table=simple_view"], { tables: ["filled", "simple_view"], onlyNamed: true }],
  [["--table=at_end"], { tables: ["at_end"], onlyNamed: true }],
  [[`--table=${oddTable}`, "--data-only"], { tables: [oddTable], onlyNamed: true, dataOnly: true }],
  [["--table=plain", "--statistics-only"], { tables: ["plain"], onlyNamed: true, statisticsOnly: true }],
  [["--schema=zoo", "--section=data"], { schemas: ["zoo"], onlyNamed: true, sections: ["data"] }],
  [["--table=plain", "--schema=UPPER"], { tables: ["plain"], schemas: ["UPPER"], onlyNamed: true }],
  [["--function=add(integer, integer)"], { functions: ["add(integer, integer)"] }],
  [
    ["--function=proc(integer, text)", "--function=counted(*)"],
    { functions: ["proc(integer,text)", "zoo.counted( * )"] },
  ],
];

describe("--list is pg_restore's, byte for byte", () => {
  test.each(cases)("%j", async (flags, request) => {
    expect(ourListing(request)).toBe(await stockListing(...flags));
  });

  test("with each index and trigger of the zoo", async () => {
    const lines = (await stockListing()).split("\n");
    const tags = (type: string) =>
      lines.flatMap((line) => new RegExp(`^\\d+; \\d+ \\d+ ${type} zoo (.*) \\S+$`).exec(line)?.[1] ?? []);
    const [indexes, triggers] = [tags("INDEX").slice(0, 40), tags("TRIGGER")];
    expect(Math.min(indexes.length, triggers.length)).toBeGreaterThan(5);
    const flags = [...indexes.map((name) => `--index=${name}`), ...triggers.map((name) => `--trigger=${name}`)];
    const request = { indexes: unicode(indexes), triggers: unicode(triggers) };
    const args = flags.map((flag) => Buffer.from(flag, "latin1").toString());
    expect(ourListing(request)).toBe(await stockListing(...args));
    const bare = triggers.map((tag) => tag.slice(tag.indexOf(" ") + 1));
    expect(ourListing({ triggers: unicode(bare) })).toContain(` TRIGGER zoo ${triggers[0]} `);
  });
});

test("a filter file chooses as pg_restore's does", async () => {
  const file = join(folder.path, "filter");
  const rows =
    "# chosen\ninclude table plain # a comment\ninclude function add( integer ,integer )\nexclude schema UPPER\n";
  await writeFile(file, rows);
  const request = restoreRequest(zoo.server, "x", { onlyNamed: true });
  const chosen = await chosenByFiles(request, { filterFiles: [file] }, readText);
  expect(ourListing(chosen)).toBe(await stockListing(`--filter=${file}`));
  await writeFile(file, `include table "${oddTable.replaceAll('"', '""')}"\n`);
  const odd = await chosenByFiles(request, { filterFiles: [file] }, readText);
  expect(ourListing(odd)).toBe(await stockListing(`--table=${oddTable}`));
});

test("with dependencies everything is listed, whatever is chosen", async () => {
  const args = ["--verbose", "--table=plain"];
  expect(ourListing({ listsDependencies: true, tables: ["plain"] })).toBe(await stockListing(...args));
});

describe("--use-list", () => {
  test("takes the lines of an edited listing in their order, as pg_restore does", async () => {
    const file = join(folder.path, "list");
    const list = `${(await shuffled()).join("\n")}\n`;
    await writeFile(file, list, "latin1");
    expect(ourListing({ useList: list })).toBe(await stockListing(`--use-list=${file}`));
    expect(ourListing({ useList: list, listsDependencies: true })).toBe(
      await stockListing(`--use-list=${file}`, "--verbose"),
    );
    expect(ourListing({ useList: list, noComments: true, sections: ["data"] })).toBe(
      await stockListing(`--use-list=${file}`, "--no-comments", "--section=data"),
    );
  });

  test.each([
    ["no number\n", /line 1 .*"no number" is no number of an entry/],
    ["\n99999;\n", /line 2 .*the archive has no entry 99999/],
    ["ID;\nID;\n", /line 2 .*is named on line 1 already/],
    ["ID; 1 2 TABLE x y z\n", /entry \d+ is another object in this archive/],
  ])("refuses %j", async (list, message) => {
    const first = /^(\d+); 1259/m.exec(await stockListing())![1]!;
    expect(() => ourListing({ useList: list.replaceAll("ID", first) })).toThrow(message);
  });

  test("that puts data in another order is refused for standard input, which passes by once", async () => {
    const lines = (await stockListing("--data-only")).split("\n").filter((line) => / TABLE DATA /.test(line));
    const list = join(folder.path, "reversed");
    const input = await readFile(archive);
    const args = ["restore", "single", "-", "--file=-", `--use-list=${list}`];
    await writeFile(list, lines.slice(0, 5).join("\n"), "latin1");
    expect(await dbbackup(args, { input })).toMatchObject({ status: 0 });
    await writeFile(list, lines.slice(0, 5).toReversed().join("\n"), "latin1");
    const { status, stderr } = await dbbackup(args, { input });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/behind data that comes later/) });
  });

  test("through the program: a listing goes out, lines are taken away, and the rest is restored", async () => {
    await using source = await withDatabase(zoo.server);
    await source.sql(
      "CREATE TABLE kept AS SELECT 1 AS x; CREATE TABLE emptied AS SELECT 2 AS x; CREATE VIEW v AS SELECT 3",
    );
    const file = join(folder.path, "small.dump");
    await stock(18).must("pg_dump", ["-Fc", "-f", file, "-d", source.url]);
    const printed = await dbbackup(["restore", "single", file, "--list"]);
    const lines = printed.stdout.toString().split("\n");
    const list = join(folder.path, "edited");
    await writeFile(list, lines.filter((line) => !/ VIEW | DATA public emptied /.test(line)).join("\n"));
    await using target = await withDatabase(zoo.server);
    const args = ["restore", "single", file, `--target=${target.name}`, `--url=${target.url}`, "-L", list];
    expect(await dbbackup(args)).toMatchObject({ status: 0 });
    const [rows] = await target.sql(
      "SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM emptied) AS emptied",
    );
    expect(rows).toEqual({ kept: "1", emptied: "0" });
    expect(await target.sql("SELECT 1 FROM pg_class WHERE relname = 'v'")).toEqual([]);
  });
});

test.each([
  [["--schema-only", "--data-only"]],
  [["--schema-only", "--no-schema"]],
  [["--data-only", "--no-data"]],
  [["--statistics-only", "--no-statistics"]],
  [["--statistics-only", "--schema-only"]],
  [["--clean", "--data-only"]],
  [["--create", "--single-transaction"]],
  [["--jobs=2", "--single-transaction"]],
  [["--if-exists"]],
])("%j is refused with 2, as pg_restore refuses it", async (flags) => {
  expect((await stock(18).run("pg_restore", [...flags, "-d", "x", archive])).status).not.toBe(0);
  const { status, stderr } = await dbbackup([
    "restore",
    "single",
    archive,
    "--url=postgres://nowhere.invalid",
    ...flags,
  ]);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/exclude each other|contradict|needs/),
  });
});
