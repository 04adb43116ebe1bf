import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const kinds = {
  custom: ["--format", "custom"],
  none: ["--format", "custom", "--compression", "none"],
  tar: ["--format", "tar"],
  folder: ["--format", "directory"],
  encrypted: ["--format", "custom", "--compression", "none", "--encrypt"],
  "encrypted-folder": ["--format", "directory", "--encrypt"],
} as const;
type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as Kind[];

/** Whose rows are damaged. */
const victim = "customers";
const rowsOf: Readonly<Record<string, string>> = {
  countries: "SELECT count(*), sum(hashtext(c::text)) FROM countries c",
  orders: "SELECT count(*), sum(hashtext(o::text)) FROM orders o",
  marks: "SELECT count(*), sum(customer) FROM marks_1",
  parts: "SELECT count(*), sum(id) FROM parts_2",
  pieces: "SELECT count(*), sum(part) FROM pieces",
  items: "SELECT count(*), sum(hashtext(i::text)) FROM items i",
  totals: "SELECT count(*), sum(hashtext(t::text)) FROM totals t",
  objects: "SELECT count(*), sum(length(lo_get(oid))) FROM pg_largeobject_metadata",
};

let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;
let database: TestDatabase;
let key: string;
let before: Record<string, unknown>;

beforeAll(async () => {
  folder = await withTemporaryFolder();
  key = newKeyFile(join(folder.path, "key"));
  database = await withDatabase(await sharedServer(18));
  // Rows of customers fill several frames of an encrypted file, so that there are some with nothing else in them.
  await database.sql(`
    CREATE TABLE countries (id int PRIMARY KEY, name text);
    INSERT INTO countries SELECT i, md5(i::text) FROM generate_series(1, 500) i;
    CREATE TABLE customers (id int PRIMARY KEY, country int REFERENCES countries, note text);
    INSERT INTO customers SELECT i, 1 + i % 500, 'the customer ' || i || repeat(md5(i::text), 6) FROM generate_series(1, 5000) i;
    CREATE TABLE orders (id int PRIMARY KEY, customer int CONSTRAINT of_customer REFERENCES customers, amount int);
    INSERT INTO orders SELECT i, 1 + i % 5000, i FROM generate_series(1, 3000) i;
    CREATE TABLE items (id int, order_id int CONSTRAINT of_order REFERENCES orders, PRIMARY KEY (id));
    INSERT INTO items SELECT i, 1 + i % 3000 FROM generate_series(1, 3000) i;
    CREATE TABLE marks (customer int CONSTRAINT of_marked REFERENCES customers, at int) PARTITION BY LIST (at);
    CREATE TABLE marks_1 PARTITION OF marks FOR VALUES IN (1);
    INSERT INTO marks SELECT i, 1 FROM generate_series(1, 100) i;
    CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
    CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (300);
    INSERT INTO parts SELECT generate_series(1, 200);
    CREATE TABLE pieces (part int CONSTRAINT of_part REFERENCES parts);
    INSERT INTO pieces SELECT generate_series(1, 200);
    CREATE VIEW noted AS SELECT note FROM customers;
    CREATE MATERIALIZED VIEW notes AS SELECT count(*) FROM noted;
    CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(amount) FROM orders GROUP BY customer;
    SELECT lo_from_bytea(7, convert_to(repeat('x', 3000), 'UTF8'));
  `);
  for (const kind of kindNames) {
    const output = ["--output", join(folder.path, kind), "--jobs", "1"];
    await mustDbbackupHere([
      "backup",
      "single",
      database.name,
      "--url",
      database.url,
      ...kinds[kind],
      ...keyed(kind),
      ...output,
    ]);
  }
  before = await contentsOf(database);
});

afterAll(async () => {
  await database.drop();
  await folder[Symbol.asyncDispose]();
});

function keyed(kind: Kind): string[] {
  return kind.startsWith("encrypted") ? ["--key-file", key] : [];
}

async function contentsOf({ sql }: TestDatabase): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, query] of Object.entries(rowsOf)) found[name] = await sql(query);
  return found;
}

/** Files of a backup that hold its data. */
function dataFiles(kind: Kind): string[] {
  const path = join(folder.path, kind);
  if (!kind.endsWith("folder")) return [path];
  return readdirSync(path).flatMap((name) => (/^\d+\.dat/.test(name) ? [join(path, name)] : []));
}

interface Verified {
  readonly damaged_places: readonly Record<string, unknown>[];
  readonly salvage: { readonly damaged_tables: readonly { readonly name: string }[]; readonly unusable?: string };
}

async function verified(kind: Kind): Promise<Verified> {
  const { stdout } = await dbbackupHere(["verify", join(folder.path, kind), ...keyed(kind), "--json", "--no-record"]);
  return JSON.parse(stdout.toString())[0];
}

/** Flips a bit of the rows of one table and of nothing else, and puts all back at the end. */
async function withDamagedRows(kind: Kind, work: () => Promise<void>): Promise<void> {
  for (const path of dataFiles(kind)) {
    const whole = readFileSync(path);
    try {
      for (const share of [0.5, 0.3, 0.7, 0.2]) {
        const changed = Buffer.from(whole);
        changed[Math.floor(whole.length * share)]! ^= 4;
        writeFileSync(path, changed);
        const { salvage } = await verified(kind);
        if (salvage.damaged_tables.map(({ name }) => name).join() !== victim) continue;
        await work();
        return;
      }
    } finally {
      writeFileSync(path, whole);
    }
  }
  throw new Error(`no changed byte of "${kind}" damages the rows of ${victim} alone`);
}

function restoring(kind: Kind, target: TestDatabase, ...more: string[]): string[] {
  const url = databaseUrl(target.server, "postgres");
  return ["restore", "single", join(folder.path, kind), ...keyed(kind), "--url", url, "--target", target.name, ...more];
}

test.each(kindNames)("%s: what is whole is restored, and the rest is told", async (kind) => {
  await withDamagedRows(kind, async () => {
    await using refused = await withDatabase(database.server);
    const without = await dbbackupHere(restoring(kind, refused, "--jobs", "1"));
    expect([without.status, without.stderr]).toEqual([1, expect.stringContaining("restore single --salvage restores")]);
    await using target = await withDatabase(database.server);
    const { status, stdout, stderr } = await dbbackupHere(restoring(kind, target, "--salvage"));
    expect([status, stderr]).toEqual([3, expect.any(String)]);
    const said = stdout.toString();
    expect(said).toContain("is restored as far as the backup is whole\n");
    expect(said).toContain("salvaged  7 of 8 tables can be read whole\n");
    expect(said).toContain("empty     table public.customers: its rows are damaged\n");
    expect(said).toContain('foreign key public.orders of_customer: NOT VALID, since "public.customers" lacks rows\n');
    // On a partitioned table there is no such thing.
    expect(said).toContain('foreign key public.marks of_marked: left out, since "public.customers" lacks rows\n');
    expect(said).toContain('materialized view public.notes: not populated, since "public.customers" lacks rows\n');
    expect(said.includes("unproved  definitions")).toBe(!/folder|encrypted/.test(kind));
    expect(await contentsOf(target)).toEqual(before);
    expect(await target.sql("SELECT count(*) FROM customers")).toEqual([{ count: "0" }]);
    const keys =
      "SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 ORDER BY conname";
    expect(await target.sql(keys)).toEqual([
      { conname: "customers_country_fkey", convalidated: "t" },
      { conname: "of_customer", convalidated: "f" },
      { conname: "of_order", convalidated: "t" },
      { conname: "of_part", convalidated: "t" },
    ]);
    const views = "SELECT matviewname, ispopulated FROM pg_matviews ORDER BY matviewname";
    expect(await target.sql(views)).toEqual([
      { matviewname: "notes", ispopulated: "f" },
      { matviewname: "totals", ispopulated: "t" },
    ]);
  });
});

test("a backup that is whole is restored as without --salvage", async () => {
  await using target = await withDatabase(database.server);
  const { status, stdout } = await mustDbbackupHere(restoring("custom", target, "--salvage"));
  expect(status).toBe(0);
  expect(stdout.toString()).not.toContain("salvaged");
  expect(await contentsOf(target)).toEqual(before);
  expect(await target.sql("SELECT count(*) FROM customers")).toEqual([{ count: "5000" }]);
  expect(await target.sql("SELECT conname FROM pg_constraint WHERE NOT convalidated")).toEqual([]);
});

test.each(["custom", "encrypted"] as const)("%s: of a file that is cut what came before is restored", async (kind) => {
  const path = join(folder.path, kind);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, Math.floor(whole.length * 0.6)));
  await using target = await withDatabase(database.server);
  const { status, stdout } = await dbbackupHere(restoring(kind, target, "--salvage", "--json"));
  writeFileSync(path, whole);
  expect(status).toBe(3);
  const { salvage, result } = JSON.parse(stdout.toString());
  expect(salvage.tables).toBe(8);
  expect(salvage.empty.length).toBeGreaterThan(0);
  expect(salvage.empty).toHaveLength(8 - salvage.wholeTables);
  expect(result.failed).toBe(0);
  for (const name of ["countries", "orders", "items"]) {
    if (!salvage.empty.includes(`public.${name}`)) expect(await target.sql(rowsOf[name]!)).toEqual(before[name]);
  }
});

test("a file of a directory that is lost takes its table with it", async () => {
  const sizes = dataFiles("folder").map((path) => ({ path, bytes: readFileSync(path) }));
  const { path, bytes } = sizes.toSorted((one, other) => other.bytes.length - one.bytes.length)[0]!;
  rmSync(path);
  await using target = await withDatabase(database.server);
  const { status, stdout } = await dbbackupHere(restoring("folder", target, "--salvage", "--json"));
  writeFileSync(path, bytes);
  expect(status).toBe(3);
  expect(JSON.parse(stdout.toString()).salvage).toMatchObject({ wholeTables: 7, empty: ["public.customers"] });
  expect(await contentsOf(target)).toEqual(before);
});

test("a foreign key to a partitioned table is not valid when one of its partitions is empty", async () => {
  for (const path of dataFiles("folder")) {
    const whole = readFileSync(path);
    rmSync(path);
    try {
      const { damaged_tables: lost } = (await verified("folder")).salvage;
      if (lost[0]?.name !== "parts_1") continue;
      await using target = await withDatabase(database.server);
      const { status, stdout } = await dbbackupHere(restoring("folder", target, "--salvage", "--json"));
      expect([status, JSON.parse(stdout.toString()).salvage]).toMatchObject([
        3,
        {
          empty: ["public.parts_1"],
          changed: ['foreign key public.pieces of_part: NOT VALID, since "public.parts" lacks rows'],
        },
      ]);
      expect(await contentsOf(target)).toEqual(before);
      return;
    } finally {
      writeFileSync(path, whole);
    }
  }
  throw new Error("no file of parts_1");
});

test.each(["custom", "directory"])("%s of stock pg_dump: what is whole is restored", async (format) => {
  const path = join(folder.path, `stock-${format}`);
  await stock(18).must("pg_dump", ["--format", format, "--file", path, database.url]);
  // Without metadata only what decoding finds is known: the largest data is that of customers.
  const files = format === "custom" ? [path] : readdirSync(path).map((name) => join(path, name));
  const largest = files.toSorted((one, other) => statSync(other).size - statSync(one).size)[0]!;
  const changed = readFileSync(largest);
  changed[changed.length >> 1]! ^= 4;
  writeFileSync(largest, changed);
  await using target = await withDatabase(database.server);
  const url = databaseUrl(target.server, "postgres");
  const restore = ["restore", "single", path, "--url", url, "--target", target.name, "--salvage", "--json"];
  await using other = await withDatabase(database.server);
  const without = await dbbackupHere(["restore", "single", path, "--url", url, "--target", other.name]);
  expect([without.status, without.stderr]).toEqual([1, expect.stringContaining("restore single --salvage restores")]);
  const { status, stdout, stderr } = await dbbackupHere(restore);
  expect([status, stderr]).toEqual([3, expect.any(String)]);
  expect(JSON.parse(stdout.toString()).salvage).toMatchObject({ wholeTables: 7, empty: ["public.customers"] });
  expect(await contentsOf(target)).toEqual(before);
});

test("a damaged large object takes the contents of its group with it, and no table", async () => {
  const directory = join(folder.path, "folder");
  const path = join(directory, readdirSync(directory).find((name) => name.startsWith("blob_"))!);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 10));
  await using target = await withDatabase(database.server);
  const { status, stdout } = await dbbackupHere(restoring("folder", target, "--salvage", "--json"));
  const { salvage: found } = await verified("folder");
  writeFileSync(path, whole);
  expect(found).toMatchObject({ damaged_tables: [], damaged_others: ["large object 7"] });
  expect(status).toBe(3);
  expect(JSON.parse(stdout.toString()).salvage).toMatchObject({
    wholeTables: 8,
    empty: [],
    changed: [expect.stringMatching(/^large objects of entry \d+: without contents/)],
  });
  expect(await target.sql("SELECT oid, length(lo_get(oid)) FROM pg_largeobject_metadata")).toEqual([
    { oid: "7", length: "0" },
  ]);
  expect(await target.sql(rowsOf["items"]!)).toEqual(before["items"]);
});

test("with a damaged table of contents nothing is salvaged, and nothing is touched", async () => {
  const toc = join(folder.path, "folder", "toc.dat");
  const custom = join(folder.path, "custom");
  for (const [kind, path, at] of [
    ["folder", toc, -100],
    ["custom", custom, 2],
  ] as const) {
    const whole = readFileSync(path);
    const changed = Buffer.from(whole);
    changed[at < 0 ? whole.length + at : at]! ^= 1;
    writeFileSync(path, changed);
    await using target = await withDatabase(database.server);
    const { status, stderr } = await dbbackupHere(restoring(kind, target, "--salvage"));
    writeFileSync(path, whole);
    expect([kind, status]).toEqual([kind, 1]);
    expect(stderr).toMatch(/table of contents|does not begin as one does/);
    expect(await target.sql("SELECT 1 FROM pg_class WHERE relname = 'countries'")).toEqual([]);
  }
});

test("--salvage is refused where it cannot work", async () => {
  await using target = await withDatabase(database.server);
  const plain = join(folder.path, "plain");
  const dump = ["backup", "single", database.name, "--url", database.url, "--format", "plain", "--output", plain];
  await mustDbbackupHere(dump);
  const url = ["--url", databaseUrl(target.server, "postgres"), "--target", target.name, "--salvage"];
  const ofScript = await dbbackupHere(["restore", "single", plain, ...url]);
  expect([ofScript.status, ofScript.stderr]).toEqual([2, expect.stringContaining("only archives can be salvaged")]);
  for (const other of [["--verify-first"], ["--resumable"], ["--untrusted"]]) {
    expect((await dbbackupHere(restoring("custom", target, "--salvage", ...other))).status).toBe(2);
  }
  const ofTools = await dbbackupHere(restoring("custom", target, "--salvage", "--engine", "tools"));
  expect([ofTools.status, ofTools.stderr]).toEqual([2, expect.stringContaining("native engine")]);
});

test("the record of a damaged encrypted backup tells nothing of its tables", async () => {
  await withDamagedRows("encrypted", async () => {
    const { status, stdout } = await dbbackupHere(["verify", join(folder.path, "encrypted"), ...keyed("encrypted")]);
    expect([status, stdout.toString()]).toEqual([4, expect.stringContaining("public.customers")]);
    const record = readdirSync(folder.path).find((name) => /^encrypted\..*-full-damaged\.verify\.json$/.test(name))!;
    const text = readFileSync(join(folder.path, record), "utf8");
    expect(text).not.toContain("customers");
    expect(JSON.parse(text)).not.toHaveProperty("damaged_places");
  });
});
