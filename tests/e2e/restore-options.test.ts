import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

let source: TestDatabase;
let roles: Awaited<ReturnType<typeof withRoles>>;
let folder: { readonly path: string } & AsyncDisposable;
let archive: string;
let owner: string;

beforeAll(async () => {
  source = await withDatabase(await sharedServer(18));
  roles = await withRoles(source.server, ['restore "options" owner']);
  owner = roles.quoted[0]!;
  folder = await withTemporaryFolder();
  archive = join(folder.path, "archive");
  await source.sql(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
    CREATE TABLE a AS SELECT i FROM generate_series(1, 10) i;
    CREATE TABLE b AS SELECT i FROM generate_series(1, 10) i;
    CREATE TRIGGER refuse BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION refuse();
    ALTER TABLE b OWNER TO ${owner};
    CREATE SEQUENCE s OWNED BY a.i`);
  await mustDbbackup(["backup", "single", source.name, `--url=${source.url}`, `--output=${archive}`]);
});
afterAll(async () => {
  await source?.drop();
  await roles?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

function restore(target: TestDatabase, ...more: string[]) {
  const args = ["restore", "single", archive, `--target=${target.name}`, `--url=${target.url}`, "--confirm", ...more];
  return dbbackup(args);
}

test("--disable-triggers loads rows that triggers refuse, and switches the triggers on again", async () => {
  await using target = await withDatabase(source.server);
  expect(await restore(target, "--schema-only")).toMatchObject({ status: 0 });
  expect(await restore(target, "--data-only")).toMatchObject({ status: 1, stderr: expect.stringMatching(/refused/) });
  const flags = ["--data-only", "--disable-triggers"];
  expect(await restore(target, ...flags, "--superuser=postgres", "--jobs=2")).toMatchObject({ status: 0 });
  const enabled = await target.sql("SELECT tgenabled AS e, (SELECT count(*) FROM a) AS n FROM pg_trigger");
  expect(enabled).toEqual([{ e: "O", n: "10" }]);
  await target.sql("TRUNCATE a; ALTER TABLE a ADD CHECK (i < 0) NOT VALID");
  expect(await restore(target, ...flags, "--on-error=continue")).toMatchObject({ status: 3 });
  expect(await target.sql("SELECT tgenabled AS e FROM pg_trigger")).toEqual([{ e: "O" }]);
});

test.each([
  [1, "4"],
  [3, "3"],
  [100, "0"],
])("--transaction-size %i keeps whole transactions of a restore that fails", async (size, kept) => {
  await using target = await withDatabase(source.server);
  // Before it: the function, table a, table b, its sequence.
  await target.sql("CREATE SCHEMA mine; CREATE TABLE mine.t ()");
  const list = (await stock(18).must("pg_restore", ["-l", archive])).stdout.toString();
  expect(list.split("\n").filter((line) => / (FUNCTION|TABLE|SEQUENCE) public /.test(line))).toHaveLength(4);
  await target.sql(`CREATE FUNCTION mine.stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF tg_tag = 'ALTER SEQUENCE' THEN RAISE EXCEPTION 'stopped'; END IF; END $$;
    CREATE EVENT TRIGGER stop ON ddl_command_end EXECUTE FUNCTION mine.stop()`);
  const failed = await restore(target, "--no-owner", `--transaction-size=${size}`, "--jobs=1");
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringMatching(/SEQUENCE OWNED BY.*stopped/) });
  const made = await target.sql(`SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS n`);
  expect(made).toEqual([{ n: kept }]);
});

test("--transaction-size ends with everything, also beside --jobs", async () => {
  await using target = await withDatabase(source.server);
  expect(await restore(target, "--transaction-size=2", "--jobs=3")).toMatchObject({ status: 0 });
  expect(await target.sql("SELECT count(*) AS n FROM b")).toEqual([{ n: "10" }]);
  const both = await restore(target, "--transaction-size=2", "--on-error=continue");
  expect(both).toMatchObject({ status: 2, stderr: expect.stringMatching(/exclude each other/) });
});

/** How many transactions made relations of a kind. */
const ofKind = (kind: string) =>
  `(SELECT count(DISTINCT xmin::text) FROM pg_class WHERE relkind = '${kind}' AND oid >= 16384) AS ${kind}`;

test("definitions are made together, rows and indexes by themselves; where a restore goes on after failures nothing is together", async () => {
  await using many = await withDatabase(source.server);
  await many.sql(`DO $$ BEGIN FOR n IN 1..150 LOOP EXECUTE format('CREATE TABLE t%s (i int)', n); END LOOP; END $$;
    CREATE INDEX one ON t1 (i); CREATE INDEX two ON t2 (i); SELECT lo_create(n) FROM generate_series(1, 70) n`);
  const path = join(folder.path, "many");
  await mustDbbackup(["backup", "single", many.name, `--url=${many.url}`, `--output=${path}`]);
  const transactions = async (...args: string[]) => {
    await using target = await withDatabase(source.server);
    await mustDbbackup(["restore", "single", path, `--target=${target.name}`, `--url=${target.url}`, ...args]);
    return await target.sql(
      `SELECT ${ofKind("r")}, ${ofKind("i")}, (SELECT count(*) FROM pg_largeobject_metadata) AS l`,
    );
  };
  expect(await transactions("--jobs=1")).toEqual([{ r: "3", i: "2", l: "70" }]);
  expect(await transactions("--jobs=3")).toEqual([{ r: "3", i: "2", l: "70" }]);
  expect(await transactions("--on-error=continue")).toEqual([{ r: "150", i: "2", l: "70" }]);
});

test("--use-set-session-authorization makes each object as its owner", async () => {
  await using target = await withDatabase(source.server);
  await target.sql(`GRANT CREATE ON SCHEMA public TO ${owner}`);
  expect(await restore(target, "--use-set-session-authorization", "--jobs=1")).toMatchObject({ status: 0 });
  const flags = ["--restrict-key=k", "--no-privileges", "-d"];
  const [restored, original] = [
    await stock(18).must("pg_dump", [...flags, target.url]),
    await stock(18).must("pg_dump", [...flags, source.url]),
  ];
  expect(restored.stdout.toString()).toBe(original.stdout.toString());
});

test("--role restores as that role, with its rights", async () => {
  await using target = await withDatabase(source.server);
  const name = `--role=${'restore "options" owner'}`;
  const refused = await restore(target, name, "--no-owner");
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(/permission denied for schema public/) });
  await target.sql(`GRANT CREATE ON SCHEMA public TO ${owner}`);
  expect(await restore(target, name, "--no-owner", "--jobs=2")).toMatchObject({ status: 0 });
  const others = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner = 10`;
  expect(await target.sql(others)).toEqual([]);
});

test("--enable-row-security lets policies decide where a restore would fail", async () => {
  await using target = await withDatabase(source.server);
  await target.sql(`CREATE TABLE b (i int); ALTER TABLE b OWNER TO ${owner}; ALTER TABLE b ENABLE ROW LEVEL SECURITY;
    ALTER TABLE b FORCE ROW LEVEL SECURITY; CREATE POLICY p ON b WITH CHECK (i > 0)`);
  const flags = ["--data-only", "--table=b", "--only-named", `--role=${'restore "options" owner'}`];
  expect(await restore(target, ...flags)).toMatchObject({ status: 1 });
  // COPY FROM is refused by the server on such tables in any case: rows must come as INSERT statements.
  const inserts = join(folder.path, "inserts");
  await stock(18).must("pg_dump", ["-Fc", "--inserts", "-f", inserts, "-d", source.url]);
  const args = ["restore", "single", inserts, `--target=${target.name}`, `--url=${target.url}`, "--confirm", ...flags];
  expect(await dbbackup(args)).toMatchObject({ status: 1, stderr: expect.stringMatching(/row-level security/) });
  expect(await dbbackup([...args, "--enable-row-security"])).toMatchObject({ status: 0 });
  expect(await target.sql("SELECT count(*) AS n FROM b")).toEqual([{ n: "10" }]);
});
