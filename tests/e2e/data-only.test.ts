import { expect, test } from "vitest";
import { wholeShape } from "../../src/ports/dump-shape.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withDatabase } from "../helpers/test-database.ts";

test.each(["--data-only", "--no-schema"])(
  "%s orders rows by foreign keys, and warns of circles, as pg_dump does",
  async (option) => {
    await using database = await withDatabase(await sharedServer(18));
    await database.sql(`
    CREATE TABLE z_first (id int PRIMARY KEY); CREATE TABLE a_second (id int REFERENCES z_first);
    CREATE TABLE self (id int PRIMARY KEY, parent int REFERENCES self);
    CREATE TABLE egg (id int PRIMARY KEY); CREATE TABLE hen (id int PRIMARY KEY REFERENCES egg);
    ALTER TABLE egg ADD FOREIGN KEY (id) REFERENCES hen`);
    const shape = { ...wholeShape, dataOnly: option === "--data-only", noSchema: option === "--no-schema" };
    const ours = await dumpToMemory(database.server, database.name, { format: "plain", restrictKey: "k", shape });
    const stocks = await stock(18).must("pg_dump", [option, "--restrict-key=k", "-d", database.url]);
    expect(stocks.stderr.match(/warning|detail: .*/g)).toEqual([
      "warning",
      "detail: self",
      "warning",
      "detail: egg",
      "detail: hen",
    ]);
    expect(ours.result.warnings.toSorted()).toEqual([
      expect.stringContaining('a foreign key of "public.self" to itself'),
      expect.stringContaining('circular foreign keys among "public.egg", "public.hen"'),
    ]);
    expect(copies(ours.bytes)).toEqual(copies(stocks.stdout));
  },
);

function copies(script: Buffer): string[] {
  return script.toString().match(/^COPY .*/gm) ?? [];
}
