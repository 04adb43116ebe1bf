import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { backupToDirectory, type DirectoryBackup, plainBytes } from "../helpers/mysql-directory.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { accountTotal, makeAccounts, withWriters } from "../helpers/mysql-writers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { directorySuite } from "./mysql-directory-suite.ts";

directorySuite(["mariadb-10.11", "mysql-9.7"]);

async function smallDatabase(): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  for (const sql of [
    "CREATE TABLE a (id INT PRIMARY KEY, b VARBINARY(9))",
    "INSERT INTO a VALUES (1, 'x'), (2, 'y\tz'), (3, NULL)",
    "CREATE TABLE b (id INT PRIMARY KEY)",
    "CREATE TABLE m (id INT) ENGINE=MyISAM",
    "INSERT INTO m VALUES (7)",
    "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.id = NEW.id",
  ]) {
    await database.sql(sql);
  }
  return database;
}

test.each(["none", "gzip", "zstd", "lz4"])(
  "a directory with compression %s is verified, and damage is found",
  async (method) => {
    await using database = await smallDatabase();
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "d");
    const backup = await backupToDirectory(database.server, database.name, path, ["--compression", method]);
    const { index, files } = backup;
    expect(index.objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      `database ${database.name}`,
      "table a",
      "table b",
      "table m",
      "trigger t",
    ]);
    expect(index.objects[4]!.table).toBe("a");
    const [chunk] = index.objects[1]!.data!.chunks;
    expect(await plainBytes(files.get(chunk!.file)!, index)).toEqual(Buffer.from("1\tx\n2\ty\\tz\n3\t\\N\n"));
    expect(index.objects[2]!.data).toMatchObject({ rows: 0, chunks: [] });
    const verify = async (...more: string[]) => await dbbackup(["verify", "--quiet", path, ...more]);
    expect((await verify()).status).toBe(0);
    await rename(`${path}.meta.json`, `${path}.away`);
    expect((await verify()).status).toBe(0);
    for (const name of files.keys()) {
      const whole = files.get(name)!;
      const flipped = Buffer.from(whole);
      flipped[Math.floor(whole.length / 2)]! ^= 4;
      await writeFile(join(path, name), flipped);
      // An index is text, of which a bit may not matter; the metadata know its hash.
      if (name !== "index.json") expect((await verify()).status, name).toBe(4);
      await rename(`${path}.away`, `${path}.meta.json`);
      expect((await verify()).status, name).toBe(4);
      await rename(`${path}.meta.json`, `${path}.away`);
      await writeFile(join(path, name), whole);
    }
  },
);

function names({ index }: DirectoryBackup): string[] {
  return index.objects.map(({ kind, name }) => `${kind} ${name}`).slice(1);
}

test("a directory of four connections holds one state of what others write to", async () => {
  for (const flavour of ["mariadb-10.11", "mysql-9.7"] as const) {
    await using database = await withMysqlDatabase(await sharedMysql(flavour));
    await makeAccounts(database.server, database.name);
    await using folder = await withTemporaryFolder();
    await using writing = await withWriters(database.server, database.name, 4);
    for (let count = 0; count < 3; count++) {
      const place = join(folder.path, `${count}`);
      const { index, files, metadata } = await backupToDirectory(database.server, database.name, place, [
        "--jobs",
        "4",
        "--compression",
        "none",
      ]);
      expect(metadata.consistency?.method).toBe(flavour === "mysql-9.7" ? "global-read-lock" : "backup-stages");
      const chunks = index.objects.flatMap(({ data }) => data?.chunks ?? []);
      const rows = chunks.flatMap(({ file }) => files.get(file)!.toString().trimEnd().split("\n"));
      expect(rows).toHaveLength(100);
      expect(rows.reduce((sum, row) => sum + Number(row.split("\t")[1]), 0)).toBe(accountTotal);
    }
    expect(writing.moves()).toBeGreaterThan(10);
  }
});

test("an encrypted directory is verified with its key", async () => {
  await using database = await smallDatabase();
  await using folder = await withTemporaryFolder();
  const key = join(folder.path, "key");
  expect((await dbbackup(["keys", "generate", "--output", key])).status).toBe(0);
  const path = join(folder.path, "d");
  const target = ["--format", "directory", "--encrypt", "--key-file", key, "--output", path, "--quiet"];
  const made = await dbbackup(["backup", "single", database.name, "--url", database.url, ...target]);
  expect(made.status, made.stderr.toString()).toBe(0);
  const verified = await dbbackup(["verify", "--quiet", path, "--key-file", key]);
  expect(verified.status, `${verified.stdout}${verified.stderr}`).toBe(0);
});

test("options that a directory has not are refused, and those of selection hold", async () => {
  await using database = await smallDatabase();
  const run = (...args: string[]) =>
    dbbackup(["backup", "single", database.name, "--url", database.url, "--format", "directory", ...args]);
  for (const flag of ["--hex-blob", "--replace", "--complete-insert", "--skip-extended-insert"]) {
    expect((await run(flag)).status, flag).toBe(2);
  }
  expect((await run("--resumable", "--output", "/dev/null/x")).status).not.toBe(0);
  await using folder = await withTemporaryFolder();
  const backup = (name: string, ...args: string[]) =>
    backupToDirectory(database.server, database.name, join(folder.path, name), args);
  expect(names(await backup("one", "--only-table", "m"))).toEqual(["table m"]);
  const some = await backup("two", "--where", "id > 2", "--ignore-table-data", "m");
  expect(some.index.objects.map(({ data }) => data?.rows)).toEqual([undefined, 1, 0, undefined, undefined]);
  const data = await backup("three", "--data-only");
  expect(data.index.objects.map(({ kind, schema }) => [kind, schema])).toEqual([
    ["table", undefined],
    ["table", undefined],
    ["table", undefined],
  ]);
  expect((await backup("four", "--schema-only")).index.objects.every((object) => object.data === undefined)).toBe(true);
});
