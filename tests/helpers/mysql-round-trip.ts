import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { dbbackup } from "./dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "./mysql-database.ts";
import { dumpInTinyParts, restoreParts } from "./mysql-forced-parts.ts";
import { type MysqlAddress, mysqlUrl } from "./mysql-server.ts";
import { mustMysqlStock } from "./mysql-stock.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

/** What a test reads of metadata. */
interface Metadata extends BackupMetadata {
  readonly objects: NonNullable<BackupMetadata["objects"]>;
}

/** A script of ours, and what its metadata say. */
export interface SqlBackup {
  readonly script: Buffer;
  readonly metadata: Metadata;
}

/** Backs a database up with the program, and reads what it wrote. */
export async function backupToSql(
  server: MysqlAddress,
  database: string,
  args: readonly string[] = [],
): Promise<SqlBackup> {
  await using folder = await withTemporaryFolder();
  const path = join(folder.path, "f.sql");
  const done = await dbbackup([
    "backup",
    "single",
    database,
    "--url",
    mysqlUrl(server),
    "--output",
    path,
    "--quiet",
    ...args,
  ]);
  expect(done.stderr.toString()).toBe("");
  expect(done.status).toBe(0);
  return { script: await readFile(path), metadata: JSON.parse(await readFile(`${path}.meta.json`, "utf8")) };
}

/** Runs a script with the stock client, which takes comments out of stored code unless it is told not to. */
export async function loadWithStock(database: MysqlDatabase, script: Buffer): Promise<void> {
  await mustMysqlStock("client", database.server, ["--default-character-set=utf8mb4", "--comments", database.name], {
    input: script,
  });
}

/** What the stock dump program says of a database, without its name and the time. */
export async function stockDump(database: MysqlDatabase, args: readonly string[] = []): Promise<string> {
  const { stdout } = await mustMysqlStock("dump", database.server, [
    "--routines",
    "--triggers",
    "--events",
    "--skip-comments",
    "--hex-blob",
    "--skip-extended-insert",
    ...(database.server.flavour === "mysql-9.7" ? ["--set-gtid-purged=OFF"] : []),
    ...args,
    database.name,
  ]);
  return stdout.toString("latin1");
}

/**
 * The servers' own checksums: of rows as they are stored, so that nothing hides in how they are shown. Not of versioned
 * tables, whose rows say when they came, nor of what takes in the hidden column of a multi-valued index.
 */
export async function checksums(database: MysqlDatabase): Promise<[string, string | null][]> {
  const tables = await database.sql("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'");
  const sums: [string, string | null][] = [];
  for (const table of tables) {
    const name = Object.values(table)[0]!;
    if (name === "multi_valued" || name.startsWith("kept_")) continue;
    const [row] = await database.sql(`CHECKSUM TABLE \`${name.replaceAll("`", "``")}\``);
    sums.push([name, row!.Checksum!]);
  }
  return sums;
}

/**
 * Dumps a database, loads the script with the stock client into a new database, dumps that: the scripts must be the same,
 * bytes and checksums, and the stock dump program must see no difference. The same once more with a directory
 * in between that has a file for each row, written and loaded by four sessions. Answers the first backup.
 */
export async function roundTrips(source: MysqlDatabase): Promise<SqlBackup> {
  const seen = await scriptRoundTrips(source);
  await using copy = await withMysqlDatabase(source.server);
  expect(await restoreParts(await dumpInTinyParts(source), copy)).toMatchObject({ failed: 0 });
  await isTheSame(copy, seen, inAnyOrder);
  return seen.first;
}

/** The same without the directory. */
export async function scriptRoundTrips(source: MysqlDatabase): Promise<Seen> {
  const first = await backupToSql(source.server, source.name);
  const seen = { first, stock: await stockDump(source), sums: await checksums(source) };
  await using copy = await withMysqlDatabase(source.server);
  await loadWithStock(copy, first.script);
  await isTheSame(copy, seen);
  return seen;
}

/** What was seen of a database. */
interface Seen {
  readonly first: SqlBackup;
  readonly stock: string;
  readonly sums: [string, string | null][];
}

/** Rows that several sessions load into a table without a key stand in it as they came. */
function inAnyOrder(script: string): string {
  const lines = script.split("\n").map((line) => line.replace(/[,;]$/, ""));
  return lines.toSorted().join("\n");
}

function tablesOf({ metadata }: SqlBackup) {
  return metadata.objects.map((object) => ({ ...object, schema: "" }));
}

/** @param shown what of scripts is compared */
async function isTheSame(
  copy: MysqlDatabase,
  { first, stock, sums }: Seen,
  shown: (script: string) => string = (script) => script,
): Promise<void> {
  const second = await backupToSql(copy.server, copy.name);
  expect(shown(second.script.toString("latin1"))).toBe(shown(first.script.toString("latin1")));
  expect(tablesOf(second)).toEqual(tablesOf(first));
  expect(shown(await stockDump(copy))).toBe(shown(stock));
  expect(await checksums(copy)).toEqual(sums);
}

/** A file of `tests/fixtures/mysql/`, in a new database. */
export async function withMysqlFixture(server: MysqlAddress, name: string): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(server);
  await loadWithStock(database, await readFile(join(import.meta.dirname, "../fixtures/mysql", name)));
  return database;
}
