import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import type { RestorableBackup, RestoreRequest } from "../../src/ports/restore.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { codec } from "../helpers/codec.ts";
import { memoryObject, memoryStream } from "../helpers/memory-object.ts";
import { keptEvents, never, restoreRequest } from "../helpers/restore-request.ts";
import { restoreZoo } from "../helpers/restore-zoo.ts";
import { mustRun } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const restorer = createPostgresRestorer({ codec, openSpool: openTemporarySpool });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbbackup-restore-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function openBytes(bytes: Uint8Array): Promise<RestorableBackup> {
  return restorer.open({ kind: "object", object: memoryObject(bytes) }, {});
}

/** Time zone's name and the compression's (a level before 16) are told in other words. */
function comparable(lines: readonly string[]): string[] {
  return lines.filter((line) => !/Archive created at|Compression:/.test(line)).map((line) => line.trimEnd());
}

describe.each([15, 17, 18] as const)("archives of stock pg_dump %i", (major) => {
  let source: TestDatabase;
  let archive: Buffer;
  let original: string;

  async function dump(database: { readonly url: string }, ...flags: string[]): Promise<string> {
    const { stdout } = await stock(major).must("pg_dump", ["--restrict-key=k", ...flags, "-d", database.url]);
    return stdout.toString("latin1");
  }

  async function restore(request: RestoreRequest, bytes = archive) {
    const backup = await openBytes(bytes);
    return await backup.run(request, keptEvents(), never);
  }

  beforeAll(async () => {
    source = await withDatabase(await sharedServer(major));
    await source.sql(restoreZoo(major));
    const file = join(folder, `${major}.dump`);
    await stock(major).must("pg_dump", ["-Fc", "-f", file, "-d", source.url]);
    archive = await readFile(file);
    original = await dump(source);
  });
  afterAll(() => source.drop());

  test("give the same database, from a file and from a stream", async () => {
    for (const input of [
      { kind: "object", object: memoryObject(archive) },
      { kind: "stream", stream: memoryStream(archive, 10_000) },
    ] as const) {
      await using target = await withDatabase(source.server);
      const backup = await restorer.open(input, {});
      const request = restoreRequest(target.server, target.name);
      const findings = await backup.preCheck(request, never);
      expect(findings).toEqual([]);
      const progress = keptEvents();
      const result = await backup.run(request, progress, never);
      expect(result).toMatchObject({ target: target.name, created: false, failed: 0, warnings: [], largeObjects: 3 });
      expect(result.rows).toBe(2607);
      expect(await dump(target)).toBe(original);
      expect(progress.events.filter(({ event }) => event === "phase")).toHaveLength(3);
    }
  });

  test("give it from a file that a shell opened: its table of contents comes twice there, from 16 on", async () => {
    const file = join(folder, `${major}-stdout.dump`);
    await mustRun("sh", ["-c", '"$0" -Fc -d "$1" > "$2"', await stock(major).path("pg_dump"), source.url, file]);
    const redirected = await readFile(file);
    if (major >= 16) expect(redirected.length).toBeGreaterThan(archive.length);
    for (const input of [
      { kind: "object", object: memoryObject(redirected) },
      { kind: "stream", stream: memoryStream(redirected, 10_000) },
    ] as const) {
      await using target = await withDatabase(source.server);
      const backup = await restorer.open(input, {});
      expect(await backup.run(restoreRequest(target.server, target.name), keptEvents(), never)).toMatchObject({
        failed: 0,
        rows: 2607,
      });
      expect(await dump(target)).toBe(original);
    }
  });

  test("--create makes the database under another name, with owner, settings and comment", async () => {
    const name = `created "${major}" '%`;
    await source.sql(
      `ALTER DATABASE "${source.name}" SET work_mem = '7MB'; COMMENT ON DATABASE "${source.name}" IS 'DATABASE ${source.name} it''s'`,
    );
    await source.sql(`GRANT CONNECT ON DATABASE "${source.name}" TO PUBLIC`);
    const file = join(folder, `${major}-create.dump`);
    await stock(major).must("pg_dump", ["-Fc", "-f", file, "-d", source.url]);
    const request = restoreRequest(source.server, name, { create: true });
    const backup = await openBytes(await readFile(file));
    expect(await backup.preCheck(request, never)).toEqual([]);
    const result = await backup.run(request, keptEvents(), never);
    expect(result).toMatchObject({ created: true, failed: 0 });
    const [facts] = await source.sql(
      `SELECT shobj_description(oid, 'pg_database') AS comment, (SELECT setconfig::text FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings FROM pg_database d WHERE datname = '${name.replaceAll("'", "''")}'`,
    );
    expect(facts).toEqual({ comment: `DATABASE ${source.name} it's`, settings: "{work_mem=7MB}" });
    await expect(backup.preCheck(request, never)).resolves.toMatchObject([
      { code: "target-exists", severity: "error" },
    ]);
    const again = restoreRequest(source.server, name, { create: true, clean: true });
    expect(await backup.preCheck(again, never)).toMatchObject([{ code: "target-not-empty", severity: "warning" }]);
    expect(await backup.run(again, keptEvents(), never)).toMatchObject({ created: true, failed: 0 });
    await source.sql(`DROP DATABASE "${name.replaceAll('"', '""')}"`);
  });

  test("the listing is pg_restore's", async () => {
    const file = join(folder, `${major}.dump`);
    const { stdout } = await stock(major).must("pg_restore", ["-l", file]);
    const backup = await openBytes(archive);
    const { listing } = backup.plan(restoreRequest(source.server, "x"));
    expect(comparable(listing)).toEqual(comparable(stdout.toString().trimEnd().split("\n")));
  });

  // What follows has nothing to do with the archive's version.
  if (major !== 17) return;

  test("--clean --if-exists restores over itself and into an empty database", async () => {
    await using target = await withDatabase(source.server);
    const request = restoreRequest(target.server, target.name, { clean: true, ifExists: true });
    await restore(request);
    expect(await dump(target)).toBe(original);
    await restore(request);
    expect(await dump(target)).toBe(original);
  });

  test("--schema-only and --data-only together are everything", async () => {
    await using target = await withDatabase(source.server);
    await restore(restoreRequest(target.server, target.name, { schemaOnly: true }));
    expect(await dump(target, "--schema-only")).toBe(await dump(source, "--schema-only", "--no-large-objects"));
    // Rows of parents come before their children's only where nothing checks it yet.
    await target.sql("ALTER TABLE app.orders DROP CONSTRAINT orders_customer_fkey");
    await restore(restoreRequest(target.server, target.name, { dataOnly: true }));
    expect(await dump(target, "--data-only")).toBe(await dump(source, "--data-only"));
  });

  test("--table brings along what hangs on the table, and nothing else", async () => {
    await using target = await withDatabase(source.server);
    await target.sql("CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('ok', 'it''s bad')");
    await restore(restoreRequest(target.server, target.name, { tables: ["app.customers"] }));
    const relations = await target.sql(
      "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace ORDER BY 1",
    );
    expect(relations.map((row) => row.relname)).toEqual(["customers", "customers_id_seq", "customers_pkey"]);
    const [next] = await target.sql(
      "SELECT nextval('app.customers_id_seq') AS id, (SELECT count(*) FROM app.customers) AS n",
    );
    expect(next).toEqual({ id: "501", n: "500" });
    const [policies] = await target.sql("SELECT count(*) AS n FROM pg_policy");
    expect(policies).toEqual({ n: "1" });
  });

  test("--schema takes one schema", async () => {
    await using target = await withDatabase(source.server);
    const odd = 'od\'d "schema"\n-- DROP TABLE app.orders; \\!';
    await restore(restoreRequest(target.server, target.name, { schemas: [odd] }));
    const [rows] = await target.sql(`SELECT count(*) AS n FROM "${odd.replaceAll('"', '""')}"."t;\n\\! echo hi"`);
    expect(rows).toEqual({ n: "3" });
    const schemas = await target.sql(
      "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'",
    );
    expect(schemas).toEqual([{ nspname: odd }]);
  });

  test("--single-transaction: all or nothing", async () => {
    await using target = await withDatabase(source.server);
    const request = restoreRequest(target.server, target.name, { singleTransaction: true });
    await target.sql("CREATE MATERIALIZED VIEW sums AS SELECT 1; CREATE SCHEMA app; CREATE VIEW app.sums AS SELECT 1");
    await expect(restore(request)).rejects.toThrow("is as it was");
    const [tables] = await target.sql("SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'app'");
    expect(tables).toEqual({ n: "0" });
    await target.sql("DROP SCHEMA app CASCADE; DROP MATERIALIZED VIEW sums");
    await restore(request);
    expect(await dump(target)).toBe(original);
  });
});
