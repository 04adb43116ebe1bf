import { expect, test } from "vitest";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { measured } from "../helpers/measured.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** Each takes 7 MB on disk, and creating them is most of the time that the test takes. */
const databases = 300;
const schemas = 300;
const mebibyte = 1024 * 1024;
/** What a dump of one database takes at most: how many there are must not matter. */
const memoryLimit = 192 * mebibyte;

test(`${databases} small databases, and one of ${schemas} schemas, in bounded memory`, {
  timeout: 900_000,
}, async () => {
  await using folder = await withTemporaryFolder();
  await using server = await startServer({ major: 18 });
  // Two at a time: creation copies template1, and is most of the test.
  const create = async (from: number): Promise<void> => {
    for (let i = from; i < databases; i += 2) await server.sql(`CREATE DATABASE d${i} STRATEGY file_copy`);
  };
  await Promise.all([create(0), create(1)]);
  await server.sql("CREATE TABLE t AS SELECT 1 AS x", "d123");
  await server.sql("CREATE DATABASE many_schemas");
  await server.sql(
    `DO $$ BEGIN FOR i IN 1..${schemas} LOOP
       EXECUTE format('CREATE SCHEMA s%s; CREATE TABLE s%s.t (i int PRIMARY KEY); INSERT INTO s%s.t VALUES (%s)', i, i, i, i);
     END LOOP; END $$`,
    "many_schemas",
  );
  const login = ["--url", server.url(), "--repo", folder.path];
  const { peak, stdout } = await measured(["backup", "cluster", ...login, "--json", "--progress=none"]);
  const metadata = JSON.parse(stdout);
  expect(metadata.databases).toHaveLength(databases + 3);
  expect(metadata.failed_databases).toBeUndefined();
  expect(peak).toBeLessThan(memoryLimit);
  await mustDbbackup(["verify", "latest:cluster", "--repo", folder.path]);

  await using target = await startServer({ major: 18 });
  const chosen = ["--database", "d12*", "--database", "many_schemas"];
  await mustDbbackup(["restore", "cluster", "latest:cluster", "--url", target.url(), "--repo", folder.path, ...chosen]);
  expect(await target.sql("SELECT count(*)::text AS n FROM pg_database WHERE datname LIKE 'd12%'")).toEqual([
    { n: "11" },
  ]);
  expect(await target.sql("SELECT x::text FROM t", "d123")).toEqual([{ x: "1" }]);
  expect(await target.sql("SELECT sum(i)::text AS n FROM s300.t", "many_schemas")).toEqual([{ n: "300" }]);
});
