import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** By name they are TimescaleDB and Citus, for which there are no packages here: what we ask is the name alone. */
const STAND_INS: Readonly<Record<string, string>> = {
  timescaledb: `CREATE SCHEMA _timescaledb_catalog; CREATE TABLE _timescaledb_catalog.hypertable (schema_name name, table_name name);
    SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.hypertable', '');
    CREATE FUNCTION timescaledb_pre_restore() RETURNS bool LANGUAGE sql AS 'SELECT true';`,
  citus: `CREATE TABLE pg_dist_partition (logicalrelid regclass);
    ALTER TABLE pg_dist_partition SET SCHEMA pg_catalog;`,
};

/** How the extensions write down that a table is theirs. */
const MAKE_TABLE: Readonly<Record<string, string>> = {
  timescaledb: "INSERT INTO _timescaledb_catalog.hypertable VALUES ('app', 'spread')",
  citus: "INSERT INTO pg_catalog.pg_dist_partition VALUES ('app.spread')",
};

describe.each(Object.keys(STAND_INS))("a database with %s", (extension) => {
  let folder: { readonly path: string } & AsyncDisposable;
  let server: PostgresServer;
  let source: TestDatabase;

  beforeAll(async () => {
    folder = await withTemporaryFolder();
    const extensions = join(folder.path, "extension");
    await mkdir(extensions);
    await chmod(folder.path, 0o755);
    const control = "default_version = '1.0'\nrelocatable = false\n";
    await writeFile(join(extensions, `${extension}.control`), control);
    await writeFile(join(extensions, `${extension}--1.0.sql`), STAND_INS[extension]!);
    server = await startServer({
      major: 18,
      settings: { allow_system_table_mods: "on", extension_control_path: `${folder.path}:$system` },
    });
    source = await withDatabase(server);
    await source.sql(`CREATE EXTENSION ${extension}; CREATE TABLE t AS SELECT 1 AS i;
      CREATE SCHEMA app; CREATE TABLE app.plain (i int); CREATE TABLE app.spread (i int); ${MAKE_TABLE[extension]}`);
  });
  afterAll(async () => {
    await server?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  test("is not backed up without the word of somebody who knows", async () => {
    const repository = join(folder.path, "repository");
    const backup = ["backup", "single", source.name, "--url", source.url, "--repo", repository];
    const refused = await dbbackup(backup);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`extension "${extension}"`);
    expect(refused.stderr).toContain(`--allow-extension ${extension}`);
    expect(refused.stderr).toMatch(/hint: make (a physical backup|physical backups)/);
    expect(await readdir(repository).catch(() => [])).toEqual([]);
    const other = extension === "citus" ? "timescaledb" : "citus";
    expect((await dbbackup([...backup, "--allow-extension", other])).status).toBe(1);

    const { stdout, stderr } = await mustDbbackup([...backup, "--allow-extension", extension, "--json"]);
    expect(stderr).toContain(`extension "${extension}"`);
    expect(JSON.parse(stdout.toString()).warnings).toEqual([expect.stringContaining(`extension "${extension}"`)]);
  });

  test("is backed up in part without that word, unless its tables are in that part", async () => {
    const backup = ["backup", "single", source.name, "--url", source.url, "--repo", join(folder.path, "parts")];
    await mustDbbackup([...backup, "--table", "app.plain"]);
    await mustDbbackup([...backup, "--schema", "public"]);
    await mustDbbackup([...backup, "--exclude-extension", extension, "--exclude-table", "app.spread"]);
    for (const part of [["--table=app.*"], ["--schema=app"], ["--extension=*"], ["--exclude-extension", extension]]) {
      const refused = await dbbackup([...backup, ...part]);
      expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining(`extension "${extension}"`) });
    }
  });

  test("is named by preflight", async () => {
    const preflight = [
      "preflight",
      source.name,
      "--url",
      source.url,
      "--repo",
      join(folder.path, "preflight"),
      "--json",
    ];
    const refused = await dbbackup(preflight);
    expect(refused.status).toBe(1);
    expect(checkOf(refused.stdout)).toMatchObject({ status: "error", message: expect.stringContaining(extension) });
    const { stdout } = await mustDbbackup([...preflight, "--allow-extension", extension]);
    expect(checkOf(stdout)).toMatchObject({ status: "warning" });
  });

  // What is asked of a script does not depend on the extension.
  const formats = extension === "timescaledb" ? ["custom", "plain"] : ["custom"];
  test.each(formats)("is not restored without that word, from stock pg_dump's format %s", async (format) => {
    const file = join(folder.path, `stock.${format}`);
    await stock(18).must("pg_dump", [`--format=${format}`, `--file=${file}`, source.url]);
    await using target = await withDatabase(server);
    const restore = ["restore", "single", file, "--target", target.name, "--url", target.url];
    for (const more of format === "plain" ? [[]] : [[], ["--on-error", "continue"]]) {
      const refused = await dbbackup([...restore, ...more]);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain(`extension "${extension}"`);
      expect(refused.stderr).toContain(`--allow-extension ${extension}`);
      expect(await target.sql("SELECT to_regclass('t') AS t")).toEqual([{ t: null }]);
    }
    const { stderr } = await mustDbbackup([...restore, "--allow-extension", extension]);
    expect(stderr).toContain(`extension "${extension}"`);
    expect(await target.sql("SELECT i FROM t")).toEqual([{ i: "1" }]);
  });
});

function checkOf(stdout: Buffer): unknown {
  const { checks } = JSON.parse(stdout.toString()) as { checks: { name: string }[] };
  return checks.find(({ name }) => name === "extensions");
}
