import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeLargeObjects } from "../../bench/make-objects.ts";
import { measured } from "../helpers/measured.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
/** What is promised for compressed dumps without many objects. */
const base = 192 * mebibyte;

const cases = [
  // Each has an entry of its own in archives before 1.16.
  { what: "large objects", major: 15, count: 200_000, bytes: kibibyte, make: largeObjects },
  { what: "large objects", major: 18, count: 50_000, bytes: kibibyte, make: largeObjects },
  // Table, rows and primary key: three entries.
  { what: "tables", major: 18, count: 10_000, bytes: 3 * kibibyte, make: tables },
] as const;

type Sql = (text: string) => Promise<unknown>;

function largeObjects(sql: Sql, count: number): Promise<void> {
  return makeLargeObjects(sql, count);
}

async function tables(sql: Sql, count: number): Promise<void> {
  for (let from = 0; from < count; from += 1000) {
    await sql(`do $$ begin for i in ${from + 1}..${from + 1000} loop
      execute format('create table t_%s (id int primary key, note text)', i); end loop; end $$`);
  }
}

test.each(cases)("$count $what of $major add at most $bytes bytes each to a dump's memory", async (one) => {
  await using folder = await withTemporaryFolder();
  // A dump locks every table.
  await using server = await startServer({ major: one.major, settings: { max_locks_per_transaction: "1024" } });
  await one.make((text) => server.sql(text), one.count);
  for (const format of ["custom", "plain"]) {
    const output = join(folder.path, `backup.${format}`);
    const what = ["backup", "single", "postgres", `--url=${server.url()}`, "--jobs=2"];
    const { peak } = await measured([...what, `--format=${format}`, `--output=${output}`, "--progress=none"]);
    expect(peak, format).toBeGreaterThan(20 * mebibyte);
    expect(peak, `${format}: ${Math.round(peak / mebibyte)} MiB`).toBeLessThan(base + one.count * one.bytes);
    await rm(output, { recursive: true });
  }
});
