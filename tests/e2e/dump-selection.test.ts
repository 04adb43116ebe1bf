import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dumpSelection } from "../../src/frontends/cli/dump-selection.ts";
import { createServices } from "../../src/main/services.ts";
import type { DumpSelection } from "../../src/ports/dump-selection.ts";
import { commandLineOf } from "../helpers/backup-options.ts";
import { ourEntries, stockEntries } from "../helpers/compare-with-stock.ts";
import { describeEntries } from "../helpers/describe-entries.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import type { TestDatabase } from "../helpers/test-database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await loadZoo(await sharedServer(18));
});

afterAll(() => database.drop());

async function selectionOf(args: readonly string[]): Promise<DumpSelection> {
  return await dumpSelection(commandLineOf(args), createServices());
}

/** Entries of stock pg_dump and of ours for the same options, but for the database's own and known differences. */
async function expectSame(args: readonly string[]): Promise<number> {
  // Stock adds tables to publications that are not in the dump: that cannot be restored.
  const only = ({ tag, desc }: { readonly tag: string; readonly desc: string }) =>
    !tag.startsWith("DATABASE ") && tag !== database.name && desc !== "PUBLICATION TABLE";
  const [ours, stocks] = await Promise.all([
    ourEntries(database, await selectionOf(args)),
    stockEntries(database, args),
  ]);
  const [own, stock] = [describeEntries(ours.entries, only), describeEntries(stocks, only)];
  expect(own.map(firstLine)).toEqual(stock.map(firstLine));
  expect(own).toEqual(stock);
  return own.length;
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}

test.each<[string, ...string[]]>([
  ["a schema", "-n", "zoo_parts"],
  ["schemas by wildcard, but one", "-n", "zoo*", "-N", "zoo_parts"],
  ["schema public, which is made then", "-n", "public"],
  ["everything but a schema", "--exclude-schema=zoo"],
  ["a name that is folded, and one in quotes", "-n", "ZOO_PARTS", "-n", '"UPPER"'],
  ["hostile names", "-n", '"Zoo ""2""; -- \\ %s"', "-t", '".leading"."-"', "-t", '"UPPER"."名前*"', "-t", '"%s%n".*'],
  ["a table", "-t", "zoo.plain"],
  ["a table on the search path of the database", "-t", "many_rows"],
  ["a table of a schema that is a pattern", "-t", "zoo*.list_e?"],
  ["tables by regular expression", "-t", "zoo.(many_rows|own[ei]d)"],
  ["a partitioned table without its partitions", "-t", "zoo.by_range"],
  ["a partitioned table with them", "--table-and-children=zoo.by_range"],
  ["children left out", "--exclude-table-and-children=zoo.parent_a"],
  ["tables left out", "-n", "zoo", "-T", "zoo.p*", "--exclude-table", "zoo.*sequence*"],
  ["with the name of the database", "-t", "DATABASE.zoo.plain"],
  ["views, sequences and materialized views", "-t", "zoo.*view*", "-t", "zoo.free"],
  ["rows left out", "--exclude-table-data=zoo.many*", "--exclude-table-data-and-children=zoo.by_list"],
  ["an extension", "-e", "hstore"],
  ["all extensions but one, of everything", "--exclude-extension=citext"],
  ["an extension and a schema", "-e", "*trgm", "-n", "zoo_parts"],
  ["large objects beside a table", "-t", "zoo.plain", "-b"],
  ["no large objects", "-B"],
])("%s", async (_, ...args) => {
  const known = args.map((arg) => arg.replace("DATABASE", database.name));
  expect(await expectSame(known)).toBeGreaterThan(0);
});

test("a filter file", async () => {
  await using folder = await withTemporaryFolder();
  const file = join(folder.path, "filter");
  const lines = [
    "# what is wanted",
    "include schema zoo_parts  # partitions",
    "",
    'include table "UPPER"."Lower"',
    " include table_and_children zoo . by_list",
    "exclude table_data zoo_parts.list_us",
    "exclude extension pg_trgm",
    'include table "-minus"."-- Name: x; Type: TABLE; Schema: -; Owner: -',
    'DROP TABLE x; --"',
  ];
  writeFileSync(file, lines.join("\n"));
  expect(await expectSame([`--filter=${file}`])).toBeGreaterThan(10);
});

test.each<[string, string[], string]>([
  ["nothing that matches", ["-n", "zoo_none"], 'no schemas match the pattern "zoo_none"'],
  ["no table on the search path", ["-t", "list_us"], 'no tables match the pattern "list_us"'],
  ["one of two, strictly", ["-t", "zoo.plain", "-t", "zoo.no_such", "--strict-names"], 'the pattern "zoo.no_such"'],
  ["another database", ["-t", "elsewhere.zoo.plain"], 'the pattern "elsewhere.zoo.plain" names another database'],
  ["too many dots", ["-t", "a.b.c.d"], 'the pattern "a.b.c.d" has too many parts'],
  ["dots in an extension", ["-e", "a.b"], 'the pattern "a.b" has too many parts'],
  ["a bad regular expression", ["-t", "zoo.(a"], "invalid regular expression"],
])("refuses %s", async (_, args, message) => {
  await expect(selectionOf(args).then((selection) => ourEntries(database, selection))).rejects.toThrow(message);
});

test("a pattern that matches nothing beside one that does is no error", async () => {
  expect(await expectSame(["-t", "zoo.plain", "-t", "zoo.no_such"])).toBeGreaterThan(0);
});
