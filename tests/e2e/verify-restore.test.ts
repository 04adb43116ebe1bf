import { randomBytes } from "node:crypto";
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { verificationSchema } from "../../src/core/verification/verification-schema.ts";
import { createServices } from "../../src/main/services.ts";
import { repairHashes, withoutEntries } from "../helpers/change-archive.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { type ServerAddress, serverSql } from "../helpers/postgres-server.ts";
import { damageOf, type ProveOptions, prove as proveOn, scratchDatabases } from "../helpers/prove.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

let folder: string;
let server: ServerAddress;
let database: TestDatabase;
const services = createServices();
const never = new AbortController().signal;

const kinds = {
  custom: ["--format", "custom"],
  none: ["--format", "custom", "--compression", "none"],
  directory: ["--format", "directory"],
  plain: ["--format", "plain"],
  "plain.gz": ["--format", "plain", "--compression", "gzip"],
} as const;
type Kind = keyof typeof kinds;

const shop = `
  CREATE SCHEMA "odd ""schema";
  CREATE TABLE customers (id int PRIMARY KEY, name text UNIQUE, since timestamptz);
  INSERT INTO customers SELECT i, 'customer ' || i, timestamptz '2026-01-01' + i * interval '1 hour' FROM generate_series(1, 300) i;
  CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, total numeric);
  INSERT INTO orders (customer, total) SELECT 1 + i % 300, i FROM generate_series(1, 900) i;
  CREATE INDEX orders_by_customer ON orders (customer);
  CREATE FUNCTION looked_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
  CREATE TRIGGER look BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION looked_at();
  CREATE TABLE "odd ""schema"."Täble. (one" (id int, "cö (l" text);
  INSERT INTO "odd ""schema"."Täble. (one" VALUES (1, E'\\t\\n\\\\.'), (2, NULL);
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE TABLE moods (m mood, n int) PARTITION BY HASH (m);
  CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  INSERT INTO moods SELECT (ARRAY['sad', 'glad'])[1 + i % 2]::mood, i FROM generate_series(1, 20) i;
  CREATE TABLE parent (a int, b int);
  CREATE TABLE child (c int, b int, a int);
  ALTER TABLE child INHERIT parent;
  INSERT INTO child VALUES (1, 2, 3);
  SELECT lo_from_bytea(0, '\\x00ff');
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-prove-"));
  server = await sharedServer(18);
  database = await withDatabase(server);
  await database.sql(shop);
  // The rows hang on it, and the restored database is asked by sessions of another one.
  await database.sql(`ALTER DATABASE ${database.name} SET timezone = 'Asia/Tokyo'`);
  for (const [kind, args] of Object.entries(kinds)) {
    await mustDbbackup([
      "backup",
      "single",
      database.name,
      "--url",
      database.url,
      ...args,
      "--output",
      join(folder, kind),
    ]);
  }
});

afterAll(async () => {
  const left = await scratchDatabases(server);
  await database.drop();
  rmSync(folder, { recursive: true });
  expect(left).toEqual([]);
});

const prove = (path: string, options?: ProveOptions) => proveOn(server, path, options);

/** A copy of a backup of one file, changed, its hashes repaired. */
async function changed(
  kind: Kind,
  change: (bytes: Buffer) => Buffer | Promise<Buffer>,
  edit?: (metadata: BackupMetadata) => void,
): Promise<string> {
  const path = join(folder, `changed-${randomBytes(4).toString("hex")}`);
  copyFileSync(join(folder, `${kind}.meta.json`), `${path}.meta.json`);
  repairHashes(path, await change(readFileSync(join(folder, kind))), edit);
  return path;
}

/** Of a script. */
const edited =
  (from: string | RegExp, to: string) =>
  (bytes: Buffer): Buffer => {
    const text = bytes.toString("latin1");
    const result = text.replace(from, to);
    expect(result).not.toBe(text);
    return Buffer.from(result, "latin1");
  };

test.each(["custom", "directory", "plain.gz"] as const)("%s: all that was backed up comes back", async (kind) => {
  const proven = await prove(join(folder, kind));
  expect(damageOf(proven)).toEqual([]);
  expect(proven.notes).toEqual([]);
  expect(proven.counts).toMatchObject({ tables: 7, rows: 1223, foreign_keys: 1, indexes: 4, walked_indexes: 4 });
  expect(proven.recoverySeconds).toBeGreaterThan(0);
  expect(proven.phases.map(({ phase }) => phase)).toEqual([
    "server",
    "restore",
    "objects",
    "rows",
    "constraints",
    "indexes",
  ]);
});

test("the program prints what was found, and writes it beside the backup, once for each run", async () => {
  cpSync(join(folder, "custom"), join(folder, "kept"));
  cpSync(join(folder, "custom.meta.json"), join(folder, "kept.meta.json"));
  const args = ["verify", join(folder, "kept"), "--restore", "--server", databaseUrl(server, "postgres")];
  const first = await dbbackup(args);
  expect([first.status, first.stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/^ok .*kept\n {2}restored .*\n {2}found /),
  ]);
  const check = "select id, total from orders where total < 3 order by id";
  const second = await dbbackup([...args, "--check", check, "--check", "select 1 where false", "--json"]);
  expect(second.status).toBe(4);
  const [document] = JSON.parse(second.stdout.toString());
  expect(document).toMatchObject({
    status: "damaged",
    damage: [],
    server: { kind: "given" },
    checks: [
      { sql: check, status: "rows", rows: ["(1, 1)", "(2, 2)"], has_more: false },
      { sql: "select 1 where false", status: "ok" },
    ],
  });
  const files = readdirSync(folder).filter((name) =>
    /^kept\.\d{8}T\d{6}Z-restore-(ok|damaged)(-\d)?\.verify\.json$/.test(name),
  );
  const written = files.map((name) =>
    v.parse(verificationSchema, JSON.parse(readFileSync(join(folder, name), "utf8"))),
  );
  expect(written.map(({ status }) => status).toSorted()).toEqual(["damaged", "ok"]);
  expect(written.every(({ database: name }) => name === database.name)).toBe(true);

  const shown = await mustDbbackup(["show", join(folder, "kept")]);
  expect(shown.stdout.toString()).toMatch(/^restored {3}on trial .*: DAMAGED, see .*kept\.[^ ]*\.verify\.json$/m);
  const { stdout } = await mustDbbackup(["show", join(folder, "kept"), "--json"]);
  const { verifications } = JSON.parse(stdout.toString()) as { verifications: { status: string }[] };
  expect(verifications.map(({ status }) => status)).toEqual(["damaged", "ok"]);
});

test("show tells nothing of what is no result of a verification of this backup", async () => {
  for (const name of ["alone", "alone.meta.json"]) {
    cpSync(join(folder, name.replace("alone", "custom")), join(folder, name));
  }
  const file = readdirSync(folder).find((name) => name.startsWith("kept.") && name.endsWith(".verify.json"));
  const ofAnother = readFileSync(join(folder, file!), "utf8").replace(/"backup_id": "[^"]*"/, '"backup_id": "other"');
  writeFileSync(join(folder, "alone.20260101T000000Z.verify.json"), ofAnother);
  writeFileSync(join(folder, "alone.20260102T000000Z.verify.json"), "{");
  writeFileSync(join(folder, "alone.20260103T000000Z.verify.json"), '{"version": 2}');
  const { stdout } = await mustDbbackup(["show", join(folder, "alone")]);
  expect(stdout.toString()).not.toMatch(/^restored/m);
});

test("rows that were changed, lost or added in the file are found though its hashes fit", async () => {
  const other = await prove(await changed("plain", edited("customer 17\t", "customer 71x\t")));
  expect(damageOf(other)).toEqual([expect.stringMatching(/^table "public"."customers": its rows have the checksum/)]);
  const lost = await prove(await changed("plain", edited(/\n900\t[^\n]*\n/, "\n")));
  expect(damageOf(lost)).toEqual(['table "public"."orders": it holds 899 rows instead of 900']);
  const more = await prove(await changed("plain", edited(/\n900\t([^\n]*)\n/, "\n900\t$1\n901\t$1\n")));
  expect(damageOf(more)).toEqual(['table "public"."orders": it holds 901 rows instead of 900']);
  const bytes = await changed("none", edited("customer 17\t", "customer 71\t"));
  expect(damageOf(await prove(bytes)).join("\n")).toMatch(/table "public"."customers": its rows have the checksum/);
});

test("an index, a trigger, a table that is missing in the file is found though its hashes fit", async () => {
  const statements = {
    INDEX: /CREATE INDEX orders_by_customer [^;]*;/,
    TRIGGER: /CREATE TRIGGER look [^;]*;/,
    "FK CONSTRAINT": /ALTER TABLE ONLY public\.orders\s+ADD CONSTRAINT orders_customer_fkey [^;]*;/,
  };
  for (const [type, statement] of Object.entries(statements)) {
    const proven = await prove(await changed("plain", edited(statement, "")));
    expect(damageOf(proven)).toContainEqual(
      expect.stringMatching(
        new RegExp(`^entries of type ${type}: the restored database holds \\d+ instead of the \\d+`),
      ),
    );
    const path = await changed("none", (archive) =>
      withoutEntries(archive, ({ desc, tag }) => desc === type && /orders/.test(tag)),
    );
    expect(damageOf(await prove(path))).toEqual([
      expect.stringMatching(new RegExp(`^entries of type ${type}: the archive holds \\d+ instead of the \\d+`)),
    ]);
    const { status, stdout } = await dbbackup(["verify", path]);
    expect([status, stdout.toString()]).toEqual([4, expect.stringContaining(`entries of type ${type}`)]);
  }
});

const lies = {
  "DROP INDEX orders_by_customer": "INDEX public.orders_by_customer: the backup has it, and it is not there",
  "DROP FUNCTION looked_at CASCADE": "TRIGGER public.orders look: the backup has it, and it is not there",
  "DELETE FROM customers WHERE id = 300": 'table "public"."customers": it holds 298 rows instead of 300',
  "UPDATE child SET c = 7": /^table "public"."child": its rows have the checksum/,
  // Whether rows came into the other partition hangs on the OID of the enum: then the tree is named.
  "UPDATE moods SET n = 21 WHERE n = 20":
    /^table (public\.moods with its partitions|"public"."moods_[01]"): its rows have the/,
  'DROP TABLE "odd ""schema"."Täble. (one"':
    'table "odd "schema"."Täble. (one": the backup has it, and it is not there',
  "SELECT nextval('orders_id_seq')": "SEQUENCE SET public.orders_id_seq: it is at 901, true instead of 900, true",
  "SELECT lo_unlink(oid) FROM pg_largeobject_metadata": "large objects: 0 of 0 bytes instead of 1 of 2 bytes",
  "DELETE FROM customers WHERE id = 5":
    'foreign key "orders_customer_fkey" of public.orders: 6 rows refer to what is not there',
  "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'customers_name_key'::regclass":
    "index public.customers_name_key: it is not valid",
  // A row that one of its indexes does not know.
  "UPDATE pg_index SET indisready = false WHERE indexrelid = 'orders_pkey'::regclass": undefined,
  "INSERT INTO orders SELECT 901, 1, 2": 'table "public"."orders": it holds 901 rows instead of 900',
  "UPDATE pg_index SET indisready = true WHERE indexrelid = 'orders_pkey'::regclass":
    /^index public\.orders_pkey: heap tuple .* lacks matching index tuple/,
};

test("what a restore would not tell is found", async () => {
  const interfere = ["SET session_replication_role = replica", ...Object.keys(lies)].join(";\n");
  const found = damageOf(await prove(join(folder, "custom"), { interfere }));
  for (const expected of Object.values(lies)) {
    if (expected === undefined) continue;
    expect(found).toContainEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
  }
});

test("rows that break a foreign key or a unique index cannot be restored, and are told with the key", async () => {
  const orphan = await prove(await changed("plain", edited(/\n900\t1\t/, "\n900\t99999\t")));
  expect(damageOf(orphan).join("\n")).toMatch(/orders_customer_fkey/);
  const twice = await prove(await changed("plain", edited("customer 17\t", "customer 18\t")));
  expect(damageOf(twice).join("\n")).toMatch(/could not create unique index "customers_name_key"/);
});

test("of an archive without metadata the rows are held against the archive itself", async () => {
  const path = join(folder, "stock.dump");
  await stock(18).must("pg_dump", ["-d", database.url, "-Fc", "-f", path]);
  const whole = await prove(path);
  expect(damageOf(whole)).toEqual([]);
  expect(whole.notes).toEqual([expect.stringMatching(/no metadata/)]);
  const script = join(folder, "stock.sql");
  await stock(18).must("pg_dump", ["-d", database.url, "-Fp", "-f", script]);
  expect(damageOf(await prove(script))).toEqual([]);
  const lost = await prove(path, { interfere: "DELETE FROM orders WHERE id = 900; DROP TRIGGER look ON orders" });
  expect(damageOf(lost).toSorted()).toEqual([
    "TRIGGER public.orders look: the backup has it, and it is not there",
    'table "public"."orders": it holds 899 rows instead of 900',
  ]);
});

test("scratch databases of killed runs go with the next run, and nobody else's", async () => {
  const abandoned = `dbbackup_verify_${randomBytes(8).toString("hex")}`;
  const kept = ["dbbackup_verify_mine", `dbbackup_verify_${randomBytes(8).toString("hex")}`];
  await serverSql(server, `CREATE DATABASE ${abandoned}`);
  for (const name of kept) await serverSql(server, `CREATE DATABASE ${name}`);
  const prover = await services.openProver();
  const request = { url: databaseUrl(server, "postgres") };
  try {
    // Another run that is alive has this one.
    await using held = await prover.reserve(request, never, kept[1]);
    await using scratch = await prover.reserve(request, never);
    expect([...held.swept, ...scratch.swept]).toEqual([abandoned]);
    const rows = await serverSql(server, "SELECT datname FROM pg_database WHERE datname ~ '^dbbackup_verify_'");
    expect(rows.map(({ datname }) => datname!).toSorted()).toEqual(kept.toSorted());
  } finally {
    for (const name of kept) await serverSql(server, `DROP DATABASE IF EXISTS ${name}`);
  }
});

test("what contradicts itself is refused before anything is touched", async () => {
  for (const args of [
    ["--server", "postgres://nowhere"],
    ["--check", "select 1"],
  ]) {
    const { status, stderr } = await dbbackup(["verify", join(folder, "custom"), ...args]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('means nothing without "--restore"')]);
  }
});

test("of a part of a database that part must come back; without definitions it is refused", async () => {
  const part = join(folder, "part");
  await mustDbbackup([
    "backup",
    "single",
    database.name,
    "--url",
    database.url,
    "--table",
    "customers",
    "--output",
    part,
  ]);
  expect(damageOf(await prove(part))).toEqual([]);
  expect(damageOf(await prove(part, { interfere: "DELETE FROM customers WHERE id = 1" }))).toEqual([
    'table "public"."customers": it holds 299 rows instead of 300',
  ]);
  const rows = join(folder, "rows");
  await mustDbbackup(["backup", "single", database.name, "--url", database.url, "--data-only", "--output", rows]);
  await expect(prove(rows)).rejects.toMatchObject({ code: "PRECHECK" });
});

test("on a server that lacks its roles, and by a user who may not much, a backup is proved without them", async () => {
  await using roles = await withRoles(server, ["verify owner", "verify_maker"]);
  await using owned = await withDatabase(server);
  await owned.sql(
    `CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t OWNER TO ${roles.quoted[0]!}; GRANT SELECT ON t TO PUBLIC`,
  );
  const path = join(folder, "owned");
  await mustDbbackup(["backup", "single", owned.name, "--url", owned.url, "--output", path]);
  await serverSql(server, `ALTER ROLE ${roles.quoted[1]!} LOGIN CREATEDB`);
  const byMaker = await prove(path, { user: "verify_maker" });
  expect([damageOf(byMaker), byMaker.notes]).toEqual([
    [],
    [
      "owners and privileges were left out: the user may not give objects to their owners",
      expect.stringMatching(/amcheck/),
    ],
  ]);
  await owned.sql("DROP TABLE t");
  await serverSql(server, `DROP ROLE ${roles.quoted[0]!}`);
  const lacking = await prove(path);
  expect([damageOf(lacking), lacking.notes]).toEqual([
    [],
    ['owners and privileges were left out: the server lacks the roles "verify owner"'],
  ]);
});

test("an interrupted run drops its scratch database", async () => {
  const controller = new AbortController();
  const proof = prove(join(folder, "custom"), { checks: ["select pg_sleep(60)"], signal: controller.signal });
  const outcome = expect(proof).rejects.toThrow();
  const checking = "SELECT count(*) > 0 AS yes FROM pg_stat_activity WHERE query ~ '^DECLARE .*pg_sleep|^FETCH'";
  await expect.poll(() => serverSql(server, checking)).toEqual([{ yes: "t" }]);
  controller.abort(new Error("enough"));
  await outcome;
  expect(await scratchDatabases(server)).toEqual([]);
});

test("what the server lacks is no damage, and is named", async () => {
  const path = await changed(
    "plain",
    edited("CREATE SCHEMA", 'CREATE EXTENSION IF NOT EXISTS "no such extension" WITH SCHEMA public;\n\nCREATE SCHEMA'),
  );
  await expect(prove(path)).rejects.toMatchObject({
    code: "PRECHECK",
    message:
      'the backup cannot be verified on this server: extension "no such extension" is not available on the server',
  });
});
