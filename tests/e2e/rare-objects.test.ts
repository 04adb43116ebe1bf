import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectSameAsStock } from "../helpers/compare-with-stock.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import { defaultMajors, type PostgresMajor } from "../helpers/postgres-packages.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { sqlRequests } from "../helpers/sql-fixture.ts";
import { stock, stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

const fixture = join(import.meta.dirname, "../fixtures/rare-objects/rare-objects.sql");

/** A subscription keeps its database from being dropped: it comes late and goes early. */
function subscription(major: PostgresMajor): string {
  return `
    CREATE SUBSCRIPTION "Sub" CONNECTION 'host=nowhere password=''x''' PUBLICATION p, "Q q"
      WITH (connect = false, slot_name = NONE, synchronous_commit = remote_apply);
    COMMENT ON SUBSCRIPTION "Sub" IS 's';
    ${major >= 14 ? 'ALTER SUBSCRIPTION "Sub" SET (binary = true);' : ""}
    ${major >= 15 ? 'ALTER SUBSCRIPTION "Sub" SET (disable_on_error = true);' : ""}
    ${major >= 17 ? 'ALTER SUBSCRIPTION "Sub" SET (origin = none, run_as_owner = true, streaming = parallel);' : ""}`;
}

/** Only a loaded module can give labels by SECURITY LABEL: here they are written where it would write them. */
const securityLabels = `
  CREATE FUNCTION label_on(class regclass, object oid, column_number integer, label text) RETURNS void LANGUAGE sql
    AS 'INSERT INTO pg_seclabel (classoid, objoid, objsubid, provider, label) VALUES ($1, $2, $3, ''Pro vider'', $4)';
  SELECT label_on('pg_class', 'facts'::regclass, 0, 'it''s a table'), label_on('pg_class', 'facts'::regclass, 2, 'column'),
    label_on('pg_class', 'far_view'::regclass, 0, 'view'), label_on('pg_type', 'pair'::regtype, 0, 'type'),
    label_on('pg_class', '"Far Away"'::regclass, 1, 'far column'),
    label_on('pg_type', 'counter'::regtype, 0, 'domain'), label_on('pg_namespace', '"Op"'::regnamespace, 0, 'schema'),
    label_on('pg_namespace', 'public'::regnamespace, 0, 'public'),
    label_on('pg_proc', 'on_far()'::regprocedure, 0, 'function'),
    label_on('pg_publication', (SELECT oid FROM pg_publication WHERE pubname = 'few'), 0, 'publication'),
    label_on('pg_event_trigger', (SELECT oid FROM pg_event_trigger WHERE evtname = 'tables_only'), 0, 'trigger'),
    label_on('pg_language', (SELECT oid FROM pg_language WHERE lanname = 'My Lang'), 0, 'language'),
    label_on('pg_largeobject', lo_create(4711), 0, 'large object');
  INSERT INTO pg_shseclabel (classoid, objoid, provider, label)
    SELECT 'pg_subscription'::regclass, oid, 'Pro vider', 'subscription' FROM pg_subscription WHERE subname = 'Sub';
`;

async function definitions(database: TestDatabase): Promise<string> {
  const args = ["--schema-only", "--restrict-key", "x", database.url];
  return (await stock(18).must("pg_dump", args)).stdout.toString();
}

/** Our own program, from an archive over a database that lacks what --clean drops, and from a script. */
async function expectRestored(database: TestDatabase, expected: string): Promise<void> {
  await using folder = await withTemporaryFolder();
  for (const format of ["custom", "plain"]) {
    await using copy = await withDatabase(database.server);
    const file = join(folder.path, `rare.${format}`);
    const clean = format === "custom" ? ["--clean", "--if-exists"] : [];
    const url = ["--url", database.url];
    await mustDbbackup(["backup", "single", database.name, ...url, "--format", format, "--output", file]);
    await mustDbbackup(["restore", "single", file, ...url, "--target", copy.name, "--confirm", ...clean]);
    expect(await definitions(copy)).toBe(expected);
  }
}

describe.each(defaultMajors)("rare objects of PostgreSQL %i", (major) => {
  test("definitions, comments, owners, privileges and order are stock pg_dump's, and they can be restored", async () => {
    const server = await sharedServer(major);
    await using roles = await withRoles(server, ["rare_owner", "rare_user"]);
    expect(roles.quoted).toEqual(['"rare_owner"', '"rare_user"']);
    await using database = await withDatabase(server);
    for (const request of sqlRequests(fixture, major, database.name)) await database.sql(request);
    const before = await definitions(database);
    const { bytes } = await dumpToMemory(server, database.name);
    if (major === defaultMajors[0] || major === 18) await expectRestored(database, before);
    try {
      await database.sql(subscription(major));
      await database.sql(securityLabels);
      await expectSameAsStock(database);
    } finally {
      await database.sql("DELETE FROM pg_shseclabel WHERE classoid = 'pg_subscription'::regclass");
      await database.sql('DROP SUBSCRIPTION IF EXISTS "Sub"');
    }

    await using copy = await withDatabase(server);
    const restored = await stockFor(major).must("pg_restore", ["--exit-on-error", "-d", copy.url], { input: bytes });
    expect(restored.stderr).toBe("");
    expect(await definitions(copy)).toBe(before);
  });
});
