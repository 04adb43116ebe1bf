import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import { PlainScriptWriter } from "../../src/engines/postgres/archive/plain-script-writer.ts";
import { codec } from "../helpers/codec.ts";
import { copyData } from "../helpers/copy-archive.ts";
import { memoryObject, memorySink } from "../helpers/memory-object.ts";
import { restoreZoo } from "../helpers/restore-zoo.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbbackup-plain-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const defaults = {
  schemaOnly: false,
  dataOnly: false,
  noPrivileges: false,
  noOwner: false,
  create: false,
  clean: false,
  ifExists: false,
};

const cases: [flags: string, options: Partial<typeof defaults>][] = [
  ["", {}],
  ["--clean", { clean: true }],
  ["--clean --if-exists", { clean: true, ifExists: true }],
  ["--create", { create: true }],
  ["--create --clean --if-exists", { create: true, clean: true, ifExists: true }],
  ["--no-owner", { noOwner: true }],
  ["--no-privileges", { noPrivileges: true }],
  ["--schema-only", { schemaOnly: true }],
  ["--data-only", { dataOnly: true }],
];

/** pg_restore N prints archives of pg_dump N; 17 and 18 know `transaction_timeout`. */
describe.each([15, 17, 18] as const)("scripts made of archives of pg_dump %i", (major) => {
  let database: TestDatabase;
  let file: string;
  let reader: ArchiveFileReader;

  beforeAll(async () => {
    const server = await sharedServer(major);
    database = await withDatabase(server, `Plain's "odd" ${major}`);
    await database.sql(restoreZoo(major));
    await database.sql(`ALTER DATABASE "Plain's ""odd"" ${major}" SET work_mem = '5MB'`);
    await database.sql(`COMMENT ON DATABASE "Plain's ""odd"" ${major}" IS 'odd'`);
    file = join(folder, `${major}.dump`);
    await stock(major).must("pg_dump", ["-Fc", "-f", file, "-d", database.url]);
    reader = await ArchiveFileReader.openObject(memoryObject(await readFile(file)), { codec });
  });
  afterAll(() => database.drop());

  async function script(options: Partial<typeof defaults>): Promise<string> {
    const { sink, text } = memorySink();
    const writer = await PlainScriptWriter.open({
      ...defaults,
      ...options,
      sink,
      codec,
      compression: { method: "none", level: 0 },
      entries: reader.entries,
      serverVersion: reader.header.serverVersion,
      dumpedBy: `pg_dump version ${reader.header.dumperVersion}`,
      transactionTimeout: major >= 17,
      restrictKey: "k1",
    });
    await copyData(reader, writer);
    return text();
  }

  test.each(cases)("are byte for byte those of stock pg_restore %s", async (flags, options) => {
    const args = [...flags.split(" ").filter(Boolean), "--restrict-key=k1", "-f", "-", file];
    const { stdout } = await stock(major).must("pg_restore", args);
    const written = await script(options);
    // pg_restore 15 gives views, sequences and materialized views to their owners with ALTER TABLE.
    const asTable = /^ALTER (?:VIEW|SEQUENCE|MATERIALIZED VIEW)(?= .* OWNER TO )/gm;
    const ours = major === 15 ? written.replace(asTable, "ALTER TABLE") : written;
    expect(ours.split("\n")).toEqual(stdout.toString("latin1").split("\n"));
  });

  test("load with stock psql, and give the same database", async () => {
    await using target = await withDatabase(database.server);
    const text = await script({});
    await stock(major).must("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target.url], {
      input: Buffer.from(text, "latin1"),
    });
    const dump = (url: string) => stock(major).must("pg_dump", ["--restrict-key=k", "-d", url]);
    expect((await dump(target.url)).stdout.equals((await dump(database.url)).stdout)).toBe(true);
  });
});
