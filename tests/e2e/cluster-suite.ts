import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { chown } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { hostileRole, loadHostileGlobals } from "../helpers/hostile-globals.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";
import { serverUser } from "../helpers/server-user.ts";
import { stock } from "../helpers/stock-tools.ts";
import { quoteIdentifier } from "../helpers/test-database.ts";

/** A server of hostile names goes into another one of the same version, and stock pg_dumpall says the same of both. */
export function clusterRoundTrip(major: PostgresMajor): void {
  let folder: string;
  let source: PostgresServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbbackup-cluster-"));
    source = await startServer({ major });
    await loadHostileGlobals(source);
    await loadDatabases(source);
    await mustDbbackup(["backup", "cluster", "--url", source.url(), "--repo", folder]);
  });

  afterAll(async () => {
    await source.stop();
    rmSync(folder, { recursive: true });
  });

  test(`a cluster of ${major} restores whole, as stock pg_dumpall sees it`, async () => {
    await using target = await startServer({ major });
    const spaces = await tablespaceFolders(source, target);
    const restored = await mustDbbackup(["restore", "cluster", "latest:cluster", ...login(target), ...spaces]);
    expect(restored.stdout.toString()).toContain("the cluster is restored\n");
    const same = (text: string): string => text.replaceAll(target.socketDirectory, source.socketDirectory);
    expect(same(await dumpAll(target)).split("\n")).toEqual((await dumpAll(source)).split("\n"));
    expect(await target.sql("SELECT x::text FROM in_lines", withLineEnd)).toEqual([{ x: "42" }]);
    // pg_dumpall says nothing of these.
    const everybody = "SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = 0";
    expect(await target.sql(everybody)).toEqual(await source.sql(everybody));
    const ofPostgres =
      "SELECT (SELECT string_agg(a, ' ' ORDER BY a) FROM unnest(datacl::text[]) a), shobj_description(d.oid, 'pg_database'), " +
      "setconfig FROM pg_database d LEFT JOIN pg_db_role_setting s ON setdatabase = d.oid " +
      "WHERE datname IN ('postgres', 'template1') ORDER BY datname";
    expect(await target.sql(ofPostgres)).toEqual(await source.sql(ofPostgres));

    const again = await dbbackup(["restore", "cluster", "latest:cluster", ...login(target), ...spaces]);
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining("exists already") });
    const options = ["--clean", ...login(target), ...spaces];
    const unconfirmed = await dbbackup(["restore", "cluster", "latest:cluster", ...options]);
    expect(unconfirmed).toMatchObject({ status: 2, stderr: expect.stringContaining("--confirm") });
    expect(unconfirmed.stderr).toContain("roles exist already");
    await mustDbbackup(["restore", "cluster", "latest:cluster", "--confirm", ...options]);
    expect(same(await dumpAll(target)).split("\n")).toEqual((await dumpAll(source)).split("\n"));
  });

  test(`a plain role restores of a cluster of ${major} what the server lets it`, async () => {
    await using target = await startServer({ major });
    await target.sql("CREATE ROLE plain LOGIN CREATEROLE CREATEDB");
    const url = ["--url", target.url("postgres", "plain"), "--repo", folder];
    const chosen = ["--exclude-database", "template1", "--exclude-database", "postgres"];
    const options = ["--no-owner", "--no-privileges", "--no-tablespaces"];
    const { status, stdout, stderr } = await dbbackup([
      "restore",
      "cluster",
      "latest:cluster",
      ...url,
      ...chosen,
      ...options,
    ]);
    expect(status).toBe(3);
    if (major >= 16) expect(stderr).toContain('was granted to "app" by "plain" instead of "postgres"');
    const said = stdout.toString();
    expect(said).toContain("the cluster is restored in part");
    expect(said).toMatch(/failed {4}globals: ALTER ROLE "user" WITH SUPERUSER/);
    expect(said).not.toContain("SCRAM");
    expect(await target.sql("SELECT count(*)::text AS n FROM pg_roles WHERE rolname IN ('app', 'nested')")).toEqual([
      { n: "2" },
    ]);
    expect(await target.sql("SELECT count(*)::text AS n FROM t", "plain data")).toEqual([{ n: "100" }]);
  });

  test(`a script of stock pg_dumpall of ${major} restores whole, or some databases of it`, async () => {
    await using target = await startServer({ major });
    const script = join(folder, "all.sql");
    writeFileSync(script, await dumpAll(source));
    const spaces = await tablespaceFolders(source, target);
    const restore = (...args: readonly string[]) =>
      dbbackup(["restore", "cluster", script, "--url", target.url(), ...args]);
    const planned = await restore("--dry-run", ...spaces);
    expect(planned).toMatchObject({ status: 0, stdout: expect.anything() });
    expect(planned.stdout.toString()).toContain('database "plain data"');
    const restored = await restore(...spaces);
    expect(`${restored.stdout}`).toContain("the cluster is restored\n");
    const same = (text: string): string => text.replaceAll(target.socketDirectory, source.socketDirectory);
    expect(same(await dumpAll(target)).split("\n")).toEqual((await dumpAll(source)).split("\n"));

    expect(await restore()).toMatchObject({ status: 2, stderr: expect.stringContaining("exists already") });
    await target.sql('DROP DATABASE "plain data"');
    expect(await restore("--database", "plain*")).toMatchObject({ status: 0 });
    expect(await target.sql("SELECT count(*)::text AS n FROM t", "plain data")).toEqual([{ n: "100" }]);
  });

  test.runIf(major === 18)("one script of a cluster is that of stock pg_dumpall", async () => {
    const where = ["--url", source.url(), "--exclude-database=line*"];
    const script = await mustDbbackup(["backup", "cluster", ...where, "--format=plain", "--output=-"]);
    const ours = script.stdout.toString().replace(/\n--\n-- User Config "ALL"\n--\n\nALTER ROLE ALL .*\n/, "");
    expect(statements(ours)).toEqual(statements(await dumpAll(source)));
  });

  function login(server: PostgresServer): string[] {
    return ["--url", server.url(), "--repo", folder];
  }
}

/** No script can connect to it: stock pg_dumpall refuses to dump it. */
const withLineEnd = "line\nend";

async function loadDatabases(server: PostgresServer): Promise<void> {
  const owner = quoteIdentifier(hostileRole);
  const odd = `db " '\\ é%`;
  await server.sql('CREATE DATABASE "plain data"');
  await server.sql(`CREATE DATABASE ${quoteIdentifier(withLineEnd)}`);
  await server.sql("CREATE TABLE in_lines AS SELECT 42 AS x", withLineEnd);
  await server.sql(`CREATE DATABASE ${quoteIdentifier(odd)} OWNER ${owner} TABLESPACE plain_space`);
  await server.sql(`COMMENT ON DATABASE ${quoteIdentifier(odd)} IS 'odd'`);
  await server.sql(`ALTER ROLE app IN DATABASE ${quoteIdentifier(odd)} SET work_mem TO '7MB'`);
  await server.sql(`GRANT CREATE ON DATABASE ${quoteIdentifier(odd)} TO app WITH GRANT OPTION`);
  await server.sql("CREATE TABLE t (i int); INSERT INTO t SELECT generate_series(1, 100)", "plain data");
  await server.sql(
    `CREATE TABLE mine (x text); ALTER TABLE mine OWNER TO ${owner}; GRANT SELECT ON mine TO app;
     CREATE TABLE there (i int) TABLESPACE "Odd ""space"""`,
    odd,
  );
  await server.sql("CREATE FUNCTION in_template() RETURNS int LANGUAGE sql AS 'SELECT 1'", "template1");
  await server.sql("ALTER DATABASE postgres SET work_mem TO '9MB'; COMMENT ON DATABASE template1 IS 'mine'");
  await server.sql("REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC; ALTER ROLE ALL SET lock_timeout TO '11s'");
}

async function tablespaceFolders(source: PostgresServer, target: PostgresServer): Promise<string[]> {
  const spaces = await source.sql(
    "SELECT pg_tablespace_location(oid) AS place FROM pg_tablespace WHERE spcname !~ '^pg_' ORDER BY 1",
  );
  const { uid, gid } = serverUser();
  return await Promise.all(
    spaces.map(async ({ place }) => {
      const folder = place!.replace(source.socketDirectory, target.socketDirectory);
      mkdirSync(folder);
      if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
      return `--tablespace-map=${place}=${folder}`;
    }),
  );
}

async function dumpAll(server: PostgresServer): Promise<string> {
  const { stdout } = await stock(18).must("pg_dumpall", [
    "-d",
    server.url(),
    "--restrict-key",
    "key",
    "--exclude-database=line*",
  ]);
  return stdout.toString();
}

/** Lines of a script, without keys, what names the program, and empty ones, which say where a section could have been. */
function statements(script: string): string[] {
  return script.split("\n").filter((line) => line !== "" && !/^(?:\\(?:un)?restrict |-- Dumped )/.test(line));
}
