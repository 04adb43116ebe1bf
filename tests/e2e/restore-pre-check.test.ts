import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import type { Finding, RestoreRequest } from "../../src/ports/restore.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { sampleArchive, sampleEntry, sampleHeaderEntries, writeArchive } from "../helpers/archive-samples.ts";
import { codec } from "../helpers/codec.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { never, restoreRequest } from "../helpers/restore-request.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const restorer = createPostgresRestorer({ codec, openSpool: openTemporarySpool });

let server: ServerAddress;
let empty: TestDatabase;
beforeAll(async () => {
  server = await sharedServer(18);
  empty = await withDatabase(server);
});
afterAll(() => empty.drop());

/** What the pre-check finds about an archive with these entries besides the settings. */
async function check(
  entries: readonly Partial<TocEntry>[],
  more: Partial<RestoreRequest> = {},
  options: { readonly header?: TocEntry[]; readonly target?: TestDatabase } = {},
): Promise<readonly Finding[]> {
  const all = entries.map((entry, index) => sampleEntry({ dumpId: index + 1, ...entry }));
  const bytes = await writeArchive([...(options.header ?? sampleHeaderEntries(1000)), ...all], new Map(), "none");
  const backup = await restorer.open({ kind: "object", object: memoryObject(bytes) }, {});
  const target = options.target ?? empty;
  return await backup.preCheck(restoreRequest(target.server, target.name, more), never);
}

const table = {
  desc: "TABLE",
  namespace: "public",
  tag: "t",
  definition: "CREATE TABLE public.t (a int);\n",
  drop: "DROP TABLE public.t;\n",
};

/** The first entries of an archive whose database has these options. */
function header(options: string): TocEntry[] {
  const definition = `CREATE DATABASE shop WITH TEMPLATE = template0 ${options};\n`;
  return sampleHeaderEntries(1000).map((entry) =>
    entry.desc === "DATABASE" ? Object.assign({}, entry, { definition }) : entry,
  );
}

function checkCreation(options: string): Promise<readonly Finding[]> {
  return check([table], { create: true, target: "precheck_new" }, { header: header(options) });
}

describe("each finding says what is missing and what solves it", () => {
  test("nothing is found for what fits", async () => {
    expect(await check([{ ...table, owner: "postgres", tablespace: "pg_default" }])).toEqual([]);
  });

  test("roles: of owners, privileges, policies", async () => {
    const acl =
      'GRANT SELECT(a),UPDATE(b) ON TABLE public.t TO "no ""one""";\nREVOKE ALL ON TABLE public.t FROM PUBLIC;\nSET SESSION AUTHORIZATION absent;\n';
    const entries = [
      { ...table, owner: "nobody here" },
      { desc: "ACL", tag: "TABLE t", namespace: "public", definition: acl },
      {
        desc: "POLICY",
        tag: "t p",
        namespace: "public",
        definition: "CREATE POLICY p ON public.t TO postgres, gone USING ((a > 0));\n",
      },
    ];
    const findings = await check(entries);
    expect(findings.map(({ code, message, solution }) => [code, message, solution])).toEqual([
      [
        "missing-role",
        'role "absent" does not exist on the server',
        'create it (CREATE ROLE "absent"), or leave it out with --no-privileges',
      ],
      ["missing-role", 'role "gone" does not exist on the server', 'create it (CREATE ROLE "gone")'],
      [
        "missing-role",
        'role "no "one"" does not exist on the server',
        'create it (CREATE ROLE "no ""one"""), or leave it out with --no-privileges',
      ],
      [
        "missing-role",
        'role "nobody here" does not exist on the server',
        'create it (CREATE ROLE "nobody here"), or leave it out with --no-owner',
      ],
    ]);
    const without = await check(entries, { noOwner: true, noPrivileges: true });
    expect(without.map(({ message }) => message)).toEqual(['role "gone" does not exist on the server']);
    const anyway = await check(entries, { onError: "continue" });
    expect(new Set(anyway.map(({ severity }) => severity))).toEqual(new Set(["warning"]));
  });

  test("owners that the user may not give objects to", async () => {
    await empty.sql("DROP ROLE IF EXISTS precheck_user; CREATE ROLE precheck_user LOGIN");
    const connection = { host: "127.0.0.1", port: server.port, user: "precheck_user", sslMode: "disable" };
    expect(await check([{ ...table, owner: "postgres" }], { connection })).toMatchObject([
      {
        code: "not-member-of-role",
        message: 'user "precheck_user" cannot give objects to "postgres"',
        solution: expect.stringContaining("--no-owner"),
      },
    ]);
    expect(await check([{ ...table, owner: "postgres" }], { connection, noOwner: true })).toEqual([]);
    expect(await check([table], { connection, create: true, target: "precheck_new", noOwner: true })).toMatchObject([
      { code: "cannot-create-database", solution: expect.stringContaining('ALTER ROLE "precheck_user" CREATEDB') },
    ]);
    await empty.sql("DROP ROLE precheck_user");
  });

  test("tablespaces, extensions, collations", async () => {
    const findings = await check([
      { ...table, tablespace: "fast disks" },
      { desc: "EXTENSION", tag: "nosuchextension", definition: "CREATE EXTENSION nosuchextension;\n" },
      { desc: "EXTENSION", tag: "hstore", definition: "CREATE EXTENSION hstore;\n" },
      {
        ...table,
        tag: "c",
        definition: 'CREATE TABLE public.c (a text COLLATE pg_catalog."xx_XX", b text COLLATE pg_catalog."C");\n',
      },
    ]);
    expect(findings.map(({ code, severity, message }) => [code, severity, message])).toEqual([
      ["missing-tablespace", "error", 'tablespace "fast disks" does not exist on the server'],
      ["missing-extension", "error", 'extension "nosuchextension" is not available on the server'],
      ["missing-collation", "error", 'collation "xx_XX" does not exist on the server; "public.c" needs it'],
    ]);
  });

  test("locales and encodings of a database to be created", async () => {
    expect(await checkCreation("ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'")).toEqual([]);
    expect(await checkCreation("ENCODING = 'UTF8' LC_COLLATE = 'C' LC_CTYPE = 'xx_XX.UTF-8'")).toMatchObject([
      { code: "missing-locale", message: `the server's machine has no locale "xx_XX.UTF-8"` },
    ]);
    expect(await checkCreation("ENCODING = 'SJIS' LOCALE = 'C'")).toMatchObject([
      { code: "encoding", severity: "error" },
    ]);
    expect(await checkCreation("ENCODING = 'UTF8' LOCALE = 'C' TABLESPACE = far")).toMatchObject([
      { code: "missing-tablespace" },
    ]);
  });

  test("encodings that differ from the target's", async () => {
    expect(await check([table], {}, { header: sampleHeaderEntries(1000, "SQL_ASCII") })).toMatchObject([
      { code: "encoding", severity: "warning" },
    ]);
    await using latin = await withDatabase(server, undefined, "template0", "ENCODING 'LATIN1' LOCALE 'C'");
    expect(await check([table], {}, { target: latin })).toMatchObject([{ code: "encoding", severity: "warning" }]);
    const windows = sampleHeaderEntries(1000, "KOI8R");
    expect(await check([table], {}, { target: latin, header: windows })).toMatchObject([
      { code: "encoding", severity: "error", solution: expect.stringContaining("--create") },
    ]);
  });

  test("too little disk, where the server is local", async () => {
    expect(await check([table], { plainBytes: Number.MAX_SAFE_INTEGER })).toMatchObject([
      { code: "disk-space", severity: "error" },
    ]);
    expect(await check([table], { plainBytes: Number.MAX_SAFE_INTEGER, schemaOnly: true })).toEqual([]);
  });

  test("a target that is not empty, or holds what is restored, or not what is dropped", async () => {
    await using full = await withDatabase(server);
    await full.sql("CREATE TABLE public.t (x int); CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'select 1'");
    const codes = async (
      entries: readonly Partial<TocEntry>[],
      more: Partial<RestoreRequest> = {},
    ): Promise<string[]> =>
      (await check(entries, more, { target: full })).map(({ code, severity }) => `${severity} ${code}`);
    const other = { ...table, tag: "other" };
    expect(await codes([other])).toEqual(["warning target-not-empty"]);
    expect(await codes([table])).toEqual(["warning target-not-empty", "error object-exists"]);
    expect(await codes([table], { clean: true })).toEqual(["warning target-not-empty"]);
    expect(await codes([other], { clean: true })).toEqual(["warning target-not-empty", "error object-missing"]);
    expect(await codes([other], { clean: true, ifExists: true })).toEqual(["warning target-not-empty"]);
    const set = {
      desc: "SEQUENCE SET",
      tag: "s",
      namespace: "public",
      definition: "SELECT pg_catalog.setval('public.s', 1);\n",
    };
    expect(await codes([set], { dataOnly: true })).toEqual(["warning target-not-empty", "error object-missing"]);
  });
});

test("an older server is told what it lacks, on PostgreSQL 10", async () => {
  const old = await sharedServer(10);
  await using target = await withDatabase(old);
  const findings = await check(
    [
      {
        ...table,
        definition: "CREATE TABLE public.t (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * 2)) STORED\n);\n",
      },
      {
        ...table,
        tag: "v",
        definition:
          "CREATE TABLE public.v (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * 2)),\n    c integer\n);\n",
      },
      {
        desc: "PROCEDURE",
        tag: "p()",
        namespace: "public",
        definition: "CREATE PROCEDURE public.p()\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\nEND;\n",
      },
      {
        desc: "ACL",
        tag: "TABLE t",
        namespace: "public",
        definition: "GRANT SELECT,MAINTAIN ON TABLE public.t TO postgres;\n",
      },
      {
        desc: "INDEX",
        tag: "i",
        namespace: "public",
        definition: "CREATE UNIQUE INDEX i ON public.t USING btree (a) INCLUDE (b) NULLS NOT DISTINCT;\n",
      },
    ],
    {},
    { target },
  );
  expect(findings.filter(({ code }) => code !== "older-server")).toEqual([]);
  const missing = findings.map(
    ({ message, solution }) => `${/uses (.*?) \(/.exec(message)?.[1]}: ${/PostgreSQL \d+/.exec(solution)?.[0]}`,
  );
  expect(missing).toEqual([
    "procedures: PostgreSQL 11",
    "covering indexes: PostgreSQL 11",
    "generated columns: PostgreSQL 12",
    "function bodies in standard SQL: PostgreSQL 14",
    "NULLS NOT DISTINCT: PostgreSQL 15",
    "the MAINTAIN privilege: PostgreSQL 17",
    "virtual generated columns: PostgreSQL 18",
  ]);
  expect(findings[2]!.message).toContain('(2 objects, first "public.t")');
});

test("what needs trust is in the plan, and refused with --untrusted", async () => {
  const { entries, data } = sampleArchive();
  const evil = sampleEntry({
    dumpId: 50,
    desc: "FUNCTION",
    tag: "f()",
    namespace: "public",
    definition: "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ select 1 $$;\n",
  });
  const backup = await restorer.open(
    { kind: "object", object: memoryObject(await writeArchive([...entries, evil], data)) },
    {},
  );
  const request = restoreRequest(server, empty.name);
  expect(backup.plan(request).needsTrust).toEqual([
    'function "public.f()" runs with its owner\'s rights, whoever calls it',
  ]);
  expect(await backup.preCheck(request, never)).toEqual([]);
  expect(await backup.preCheck({ ...request, untrusted: true }, never)).toMatchObject([
    { code: "needs-trust", severity: "error" },
  ]);
});
