import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const reader = "sample_reader";
/** Few objects, so that restores are quick; foreign keys of every kind are in sample-references.test.ts. */
const shop = `
  CREATE TABLE customers (id int PRIMARY KEY, favourite bigint);
  CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL REFERENCES customers, what text);
  ALTER TABLE customers ADD CONSTRAINT favourite FOREIGN KEY (favourite) REFERENCES orders DEFERRABLE INITIALLY DEFERRED;
  BEGIN;
  INSERT INTO customers SELECT i, NULLIF(i % 5, 0) FROM generate_series(1, 3000) i;
  INSERT INTO orders SELECT i, 1 + i * 31 % 3000, repeat('x', i % 50) FROM generate_series(1, 9000) i;
  COMMIT;
  CREATE TABLE log (customer int REFERENCES customers, line text) PARTITION BY LIST (customer);
  CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1); CREATE TABLE log_rest PARTITION OF log DEFAULT;
  INSERT INTO log SELECT 1 + i % 50, 'line ' || i FROM generate_series(1, 1500) i;
  CREATE SEQUENCE numbers; SELECT setval('numbers', 4711);
  CREATE MATERIALIZED VIEW totals AS SELECT customer, count(*) FROM orders GROUP BY customer`;
let database: TestDatabase;
let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;
let repository: string;

beforeAll(async () => {
  folder = await withTemporaryFolder();
  repository = join(folder.path, "repository");
  database = await withDatabase(await sharedServer(18));
  await database.sql(`${shop}; SELECT lo_from_bytea(0, 'large');
    DROP ROLE IF EXISTS ${reader}; CREATE ROLE ${reader} LOGIN`);
});

afterAll(async () => {
  await database.drop();
  await folder[Symbol.asyncDispose]();
});

async function sample(...args: readonly string[]) {
  const where = args.some((arg) => /^--(output|repo)/.test(arg)) ? [] : [`--repo=${repository}`];
  return await dbbackup(["backup", "sample", database.name, `--url=${database.url}`, ...where, ...args]);
}

async function mustSample(...args: readonly string[]) {
  const made = await sample("--json", "--progress=none", ...args);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return JSON.parse(made.stdout.toString());
}

/** Its rows, by table. */
function checksums({ objects }: { objects: { schema: string; name: string; checksum: string }[] }) {
  return objects.map(({ schema, name, checksum }) => `${schema}.${name} ${checksum}`);
}

test("a sample in each format is restored, verified, and holds the same rows", async () => {
  const seen = new Set<string>();
  for (const [format, ...more] of [
    ["custom", "--jobs=2"],
    ["directory", "--compression=zstd", "--jobs=4"],
    ["tar"],
    ["plain", "--jobs=1", "--compression=gzip"],
  ] as const) {
    const path = join(folder.path, `of-${format}`);
    const made = await mustSample(
      `--format=${format}`,
      `--output=${path}`,
      "--sample-percent=12.5",
      "--sample-seed=5",
      ...more,
    );
    expect(made).toMatchObject({ backup_type: "sample", sample: { kind: "percent", value: 12.5, seed: 5 } });
    seen.add(checksums(made).join("\n"));
    expect(await dbbackup(["verify", path])).toMatchObject({ status: 0 });
    // Of the others, other tests.
    if (format !== "directory" && format !== "plain") continue;
    await using target = await withDatabase(database.server);
    const restored = await dbbackup(["restore", "single", path, `--url=${target.url}`, `--target=${target.name}`]);
    expect([restored.status, restored.stderr.toString()]).toEqual([
      0,
      expect.stringContaining("holds a sample of its database"),
    ]);
    const [left] = await target.sql("SELECT last_value, (SELECT count(*) > 0 FROM totals) AS is_filled FROM numbers");
    expect(left).toEqual({ last_value: "4711", is_filled: "t" });
  }
  expect(seen.size).toBe(1);
});

test("verify --restore proves a sample", async () => {
  const path = join(folder.path, "proved.dump");
  await mustSample(`--output=${path}`, "--sample-count=30");
  const proved = await dbbackup(["verify", path, "--restore", `--server=${database.url}`]);
  expect([proved.status, proved.stderr.toString()]).toEqual([0, expect.any(String)]);
});

test("metadata tell how the rows came together, and the list and show that it is a sample", async () => {
  const made = await mustSample("--sample-ratio=10", "--table=orders", "--table=customers");
  expect(made.partial).toEqual([
    "--sample-ratio=10",
    `--sample-seed=${made.sample.seed}`,
    "--table=orders",
    "--table=customers",
    "--no-large-objects",
  ]);
  for (const { rows, rows_chosen, rows_referenced } of made.objects) expect(rows).toBe(rows_chosen + rows_referenced);
  expect(made.backup_file).toMatch(/_sample_/);
  expect((await dbbackup(["list", `--repo=${repository}`])).stdout.toString()).toMatch(/ sample +custom/);
  const shown = await dbbackup(["show", made.id, `--repo=${repository}`]);
  expect(shown.stdout.toString()).toContain(`--sample-ratio=10 --sample-seed=${made.sample.seed}`);
  expect(shown.stdout.toString()).toMatch(/^sample +[\d,]+ rows chosen, [\d,]+ that they refer to$/m);
  const compared = await dbbackup(["compare", database.url, join(repository, made.backup_file)]);
  expect([compared.status, compared.stderr.toString()]).toEqual([1, expect.stringContaining("is a sample")]);
});

test("latest never takes a sample for the whole", async () => {
  const own = join(folder.path, "latest");
  await using empty = await withDatabase(database.server);
  const backup = (kind: string, ...more: string[]) =>
    dbbackup(["backup", kind, empty.name, `--url=${database.url}`, `--repo=${own}`, ...more]);
  expect((await backup("single")).status).toBe(0);
  expect((await backup("sample", "--sample-count=1")).status).toBe(0);
  const shown = await dbbackup(["show", `latest:${empty.name}`, `--repo=${own}`]);
  expect([shown.status, shown.stderr.toString()]).toEqual([2, expect.stringContaining("a sample: --sample-count=1")]);
});

function sampledRows(tables: readonly { name: string; rows_chosen: number; rows_referenced: number }[]) {
  return tables.map(({ name, rows_chosen, rows_referenced }) => [name, rows_chosen, rows_referenced]);
}

test("what a sample will hold is told without copying, and is what it holds", async () => {
  const wish = ["--sample-percent=10", "--sample-seed=3"];
  const planned = await mustSample(...wish, "--dry-run", `--output=${join(folder.path, "never")}`);
  expect(await readdir(folder.path)).not.toContain("never");
  const made = await mustSample(...wish, `--output=${join(folder.path, "planned.dump")}`);
  expect(sampledRows(planned.tables)).toEqual(sampledRows(made.objects));
  const bytes = made.objects.reduce((sum: number, object: { bytes: number }) => sum + object.bytes, 0);
  expect(planned.estimated_bytes / bytes).toBeGreaterThan(0.7);
  expect(planned.estimated_bytes / bytes).toBeLessThan(1.4);
  const table = await sample(...wish, "--dry-run", "--quiet");
  expect(table.stdout.toString()).toMatch(/TABLE +CHOSEN +REFERRED TO +ABOUT\n/);
  const told = await sample(...wish, "--progress=plain", `--output=${join(folder.path, "told.dump")}`);
  expect(told.stderr.toString()).toMatch(
    /the seed of this sample is 3.*the sample will hold [\d,]+ rows chosen.*copying data/s,
  );
});

test.each([
  ["needs to be told how many rows are chosen", []],
  ["contradict each other", ["--sample-ratio=2", "--sample-count=2"]],
  ["schema-only", ["--sample-count=1", "--schema-only"]],
])("what contradicts itself is refused: %s", async (message, args) => {
  const refused = await sample(...args);
  expect([refused.status, refused.stderr.toString()]).toEqual([2, expect.stringMatching(new RegExp(message))]);
});

test("rows of foreign tables in a filter file are refused", async () => {
  const refused = await dbbackup(
    [
      "backup",
      "sample",
      database.name,
      `--url=${database.url}`,
      `--repo=${repository}`,
      "--sample-count=1",
      "--filter=-",
    ],
    { input: "include foreign_data some_server\n" },
  );
  expect([refused.status, refused.stderr.toString()]).toEqual([2, expect.stringContaining("rows of foreign tables")]);
});

test("a role that can read may sample; one that may not read a table is told so", async () => {
  await using small = await withDatabase(database.server);
  await small.sql(`CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a);
    INSERT INTO a SELECT generate_series(1, 100); INSERT INTO b SELECT generate_series(1, 100);
    GRANT SELECT ON a TO ${reader}`);
  const run = () =>
    dbbackup([
      "backup",
      "sample",
      small.name,
      `--url=${databaseUrl(small.server, small.name, reader)}`,
      `--repo=${repository}`,
      "--sample-count=10",
    ]);
  const refused = await run();
  expect([refused.status, refused.stderr.toString()]).toEqual([1, expect.stringContaining("permission denied")]);
  await small.sql(`GRANT SELECT ON b TO ${reader}`);
  expect((await run()).status).toBe(0);
  await small.sql("ALTER TABLE a ENABLE ROW LEVEL SECURITY");
  const hidden = await run();
  expect([hidden.status, hidden.stderr.toString()]).toEqual([1, expect.stringContaining("row-level security")]);
});

test("a foreign key to rows that are left out is refused, unless its table's rows are left out as well", async () => {
  const refused = await sample("--sample-count=5", "--exclude-table-data=customers");
  expect([refused.status, refused.stderr.toString()]).toEqual([
    1,
    expect.stringContaining('"log_customer_fkey" of public.log refers to public.customers'),
  ]);
  const both = [
    "--exclude-table-data=customers",
    "--exclude-table-data=orders",
    "--exclude-table-data-and-children=log",
  ];
  expect(await mustSample("--sample-count=5", ...both, `--output=${join(folder.path, "left-out.dump")}`)).toBeDefined();
});

test("a sample with large objects, as INSERT statements, of data alone", async () => {
  const path = join(folder.path, "inserts.dump");
  const made = await mustSample("--sample-count=5", "--large-objects", "--inserts", `--output=${path}`);
  expect(made.objects.at(-1)).toMatchObject({ type: "large-objects", rows: 1 });
  await using target = await withDatabase(database.server);
  await stock(18).must("pg_restore", ["--exit-on-error", `--dbname=${target.url}`, path]);
  expect((await sample("--sample-count=5", "--data-only", `--output=${join(folder.path, "data.dump")}`)).status).toBe(
    0,
  );
});

const othersSessions =
  "SELECT count(*) AS sessions FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

test("a sample that is interrupted leaves nothing", async () => {
  const own = join(folder.path, "interrupted");
  const slow = await sample("--sample-percent=50", "--max-rate=32K", "--max-duration=1s", `--repo=${own}`);
  expect([slow.status, slow.stderr.toString()]).toEqual([1, expect.stringContaining("was given up after 1 s")]);
  expect((await readdir(own)).filter((name) => !name.startsWith("."))).toEqual([]);
  // The server ends a session a moment after its connection.
  await expect.poll(() => database.sql(othersSessions)).toEqual([{ sessions: "0" }]);
});

test("an empty database gives an empty sample", async () => {
  await using empty = await withDatabase(database.server);
  const made = await dbbackup([
    "backup",
    "sample",
    empty.name,
    `--url=${database.url}`,
    `--repo=${repository}`,
    "--sample-count=1",
    "--json",
  ]);
  expect(JSON.parse(made.stdout.toString()).objects).toEqual([]);
});
