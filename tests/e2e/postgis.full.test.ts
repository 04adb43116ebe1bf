import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { postgisBinaries, postgisMajor } from "../helpers/postgis.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { sqlRequests } from "../helpers/sql-fixture.ts";
import { type StockMajor, stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const FIXTURE = join(import.meta.dirname, "..", "fixtures", "postgis", "postgis.sql");
const tools = stock(postgisMajor);

describe("a database with PostGIS", () => {
  let server: PostgresServer;
  let source: TestDatabase;
  let folder: { readonly path: string } & AsyncDisposable;
  let expected: DatabaseContents;

  beforeAll(async () => {
    server = await startServer({ major: postgisMajor, binaries: await postgisBinaries() });
    source = await withDatabase(server);
    folder = await withTemporaryFolder();
    for (const request of sqlRequests(FIXTURE, postgisMajor, source.name)) await source.sql(request);
    expected = await contents(source);
    expect(Object.keys(expected.rows)).toContain('"city topology".face');
  });
  afterAll(async () => {
    await server?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  async function expectSame(fill: (target: TestDatabase) => Promise<unknown>): Promise<void> {
    await using target = await withDatabase(server);
    await fill(target);
    expect(await contents(target)).toEqual(expected);
    // Topology finds its tables by numbers in tables: they must still fit together.
    expect(await questions(target)).toEqual(await questions(source));
  }

  async function backup(format: string): Promise<string> {
    const file = join(folder.path, `ours-${format}`);
    const how = ["--format", format, "--output", file];
    await mustDbbackup(["backup", "single", source.name, "--url", source.url, ...how]);
    return file;
  }

  async function stockBackup(format: string): Promise<string> {
    const file = join(folder.path, `stock-${format}`);
    await tools.must("pg_dump", [`--format=${format}`, `--file=${file}`, source.url]);
    return file;
  }

  test.each(["custom", "plain"])("goes from us to us, in format %s", async (format) => {
    const file = await backup(format);
    await mustDbbackup(["verify", file]);
    await expectSame((target) => restore(file, target));
  });

  test("goes from us to stock pg_restore, in four jobs, and to psql", async () => {
    const archive = await backup("directory");
    await expectSame(async (target) => {
      const { stderr } = await tools.must("pg_restore", ["--jobs=4", "-d", target.url, archive]);
      expect(stderr).toBe("");
    });
    const script = join(folder.path, "ours-plain");
    await expectSame((target) =>
      tools.must("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", script, target.url]),
    );
  });

  test.each(["custom", "plain"])("goes from stock pg_dump to us, in format %s", async (format) => {
    const file = await stockBackup(format);
    await expectSame((target) => restore(file, target));
  });

  test("is the same entries in our archive and in stock pg_dump's", async () => {
    const [ours, theirs] = [await backup("tar"), await stockBackup("tar")];
    expect(await listed(ours)).toEqual(await listed(theirs));
    await expectSame((target) => restore(theirs, target));

    const withStatistics = join(folder.path, "statistics");
    const how = ["--statistics", "--archive-version", "1.16", "--output", withStatistics];
    await mustDbbackup(["backup", "single", source.name, "--url", source.url, ...how]);
    const newest = join(folder.path, "newest");
    await stock(18).must("pg_dump", ["-Fc", "--statistics", `--file=${newest}`, source.url]);
    // pg_dump takes those of indexes, though not of tables, of extensions with settings of their own.
    const ofExtensions = / STATISTICS DATA (tiger|topology|public spatial_ref_sys_pkey)/;
    const expectedList = (await listed(newest, 18)).filter((line) => !ofExtensions.test(line));
    expect(await listed(withStatistics, 18)).toEqual(expectedList);
  });

  test("equals its copy by our own comparison", async () => {
    await using target = await withDatabase(server);
    await restore(join(folder.path, "ours-custom"), target);
    const { stdout } = await mustDbbackup(["compare", source.url, target.url, "--json"]);
    expect(JSON.parse(stdout.toString())).toMatchObject({ equal: true });
  });
});

async function contents(database: TestDatabase): Promise<DatabaseContents> {
  const { sequences, ...rest } = await databaseContents(database.server, database.name);
  // PostGIS 3.3 does not declare its sequences as a part of its settings: no dump holds their values.
  const declared = Object.entries(sequences).filter(([name]) => !/^(tiger|topology)\./.test(name));
  return { ...rest, sequences: Object.fromEntries(declared) };
}

function questions(database: TestDatabase) {
  return database.sql(`SET search_path = public, topology;
    SELECT (SELECT string_agg(ST_AsText(shape::geometry), ' ' ORDER BY id) FROM parcels) AS parcels,
      (SELECT count(*) FROM ValidateTopology('city topology')) AS faults,
      (SELECT count(*) FROM near('SRID=4326;POINT (1 -7)', 5)) AS near,
      (SELECT sum(ST_SRID(rast)) FROM pictures) AS srids, (SELECT count(*) FROM raster_columns WHERE srid = 4326) AS rasters,
      (SELECT string_agg(ST_AsText(ST_Transform(ST_SetSRID(ST_MakePoint(2, 1), 4326), 990001)), ' ')) AS own_system,
      (SELECT string_agg(c::text, ' ' ORDER BY c::text) FROM own_columns c) AS columns,
      (SELECT count(*) || ' ' || md5(string_agg(s::text, ' ' ORDER BY srid)) FROM spatial_ref_sys s) AS systems,
      (SELECT string_agg(t::text, ' ' ORDER BY id) FROM topology.topology t) AS topologies,
      (SELECT string_agg(l::text, ' ' ORDER BY layer_id) FROM topology.layer l) AS layers,
      (SELECT string_agg(p::text, ' ' ORDER BY id) FROM tiger.pagc_lex p WHERE is_custom) AS words,
      (SELECT string_agg(p::text, ' ' ORDER BY lookup_name) FROM tiger.loader_lookuptables p) AS lookups`);
}

function restore(file: string, target: TestDatabase) {
  return mustDbbackup(["restore", "single", file, "--target", target.name, "--url", target.url]);
}

async function listed(archive: string, major: StockMajor = postgisMajor): Promise<string[]> {
  const { stdout } = await stock(major).must("pg_restore", ["--list", archive]);
  const lines = stdout.toString().split("\n");
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.replace(/^\d+; /, ""));
}
