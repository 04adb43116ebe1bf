import { join } from "node:path";
import { expect, test } from "vitest";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { judgedEstimates } from "../helpers/judged-estimates.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const rows = (table: string, count: number): string => `
  CREATE TABLE ${table} (id bigint NOT NULL, device int, digest text, created timestamptz);
  INSERT INTO ${table} SELECT i, hashint4(i), md5(i::text), now() + i * interval '1 s' FROM generate_series(1, ${count}) i;
  ALTER TABLE ${table} ADD PRIMARY KEY (id);
  CREATE INDEX ON ${table} (digest);
  CREATE INDEX ON ${table} (device, created);`;

const databases = {
  "one table": rows("one", 4_000_000),
  "many tables": Array.from({ length: 30 }, (_, n) => rows(`t${n}`, 80_000 + 4000 * n)).join(""),
};

/** Other programs may take the processors at any moment, and leave them: in one of three runs the estimate must be good all the same. */
const options = { retry: 2 };

test.each(Object.entries(databases))(
  "backup and restore know how long they will go on: %s",
  options,
  async (_, content) => {
    await using server = await startServer({ major: 18, settings: { max_wal_size: "4GB" } });
    await using source = await withDatabase(server);
    await source.sql(content);
    await using folder = await withTemporaryFolder();
    const archive = join(folder.path, "backup.dump");
    const output = [`--output=${archive}`, "--compression=gzip:9", "--progress=json"];
    const dumped = await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, ...output]);
    expectGood(dumped.stderr);
    await using target = await withDatabase(server);
    const how = [`--target=${target.name}`, `--url=${target.url}`, "--jobs=2", "--progress=json"];
    const restored = await mustDbbackup(["restore", "single", archive, ...how]);
    expectGood(restored.stderr);
  },
);

function expectGood(stderr: string): void {
  const judged = judgedEstimates(stderr);
  expect(judged.events).toBeGreaterThan(5);
  expect(judged.withinFactor2, JSON.stringify(judged)).toBeGreaterThan(0.7);
}
