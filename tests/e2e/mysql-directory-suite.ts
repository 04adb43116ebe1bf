import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import {
  backupToDirectory,
  type DirectoryBackup,
  loadDirectoryWithStock,
  plainBytes,
} from "../helpers/mysql-directory.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { checksums, stockDump, withMysqlFixture } from "../helpers/mysql-round-trip.ts";
import { type MysqlAddress, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const tiny = ["--jobs", "4", "--chunk-size", "8K"];

/** Loads a backup with the stock client: nothing may be other than it was. Answers the backup. */
async function roundTrips(source: MysqlDatabase, args: readonly string[] = tiny): Promise<DirectoryBackup> {
  await using folder = await withTemporaryFolder();
  const first = await backupToDirectory(source.server, source.name, join(folder.path, "one"), args);
  await using copy = await withMysqlDatabase(source.server);
  await loadDirectoryWithStock(copy, first, folder.path);
  expect(await stockDump(copy)).toBe(await stockDump(source));
  expect(await checksums(copy)).toEqual(await checksums(source));
  const second = await backupToDirectory(source.server, copy.name, join(folder.path, "two"), args);
  expect(rows(second)).toEqual(rows(first));
  const verified = await dbbackup(["verify", "--quiet", join(folder.path, "one")]);
  expect(verified.status, verified.stdout.toString()).toBe(0);
  return first;
}

function rows({ index }: DirectoryBackup) {
  return index.objects.map(({ name, data }) => [name, data?.rows, data?.bytes, data?.checksum]).slice(1);
}

/** That of MySQL takes no files of clients unless it is told to. */
async function serverOf(flavour: MysqlFlavour): Promise<MysqlAddress & Partial<AsyncDisposable>> {
  return flavour === "mysql-9.7" ? startMysql({ flavour, settings: ["local-infile=1"] }) : sharedMysql(flavour);
}

/** Directories of these servers hold all that there is. */
export function directorySuite(flavours: readonly MysqlFlavour[]): void {
  describe.each(flavours)("a directory of %s", (flavour) => {
    test("keeps every value of every type, and large tables in parts", async () => {
      const server = await serverOf(flavour);
      await using _server = { [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]?.() };
      await using source = await withMysqlFixture(server, "types.sql");
      await source.sql("CREATE VIEW seen AS SELECT id FROM integers WHERE id > 0");
      await source.sql("CREATE TRIGGER fires BEFORE INSERT ON unkeyed FOR EACH ROW SET NEW.a = NEW.a + 1");
      await source.sql("CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n");
      await makeLarge(source);
      const { index, metadata, files } = await roundTrips(source, [...tiny, "--compression", "zstd"]);
      expect(metadata.format).toBe("directory");
      expect(metadata.consistency?.binlog_file).toMatch(/^binlog\./);
      expect(metadata.artifacts).toHaveLength(files.size);
      for (const name of ["whole", "sparse", "words", "pairs", "times_of"]) {
        const { data } = index.objects.find((object) => object.name === name)!;
        expect(data!.rows, name).toBe(3000);
        const cut = new Set(data!.chunks.map(({ range }) => range?.from?.join()));
        expect(cut.size, name).toBeGreaterThan(5);
        expect(data!.chunks.every(({ bytes }) => bytes < 20_000)).toBe(true);
      }
      const ordered = await Promise.all(
        index.objects
          .find(({ name }) => name === "sparse")!
          .data!.chunks.map(async ({ file }) => (await plainBytes(files.get(file)!, index)).toString()),
      );
      const ids = ordered
        .join("")
        .trimEnd()
        .split("\n")
        .map((line) => Number(line.split("\t")[0]));
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    });
  });
}

/** Tables of 3,000 rows with keys of each kind, as no key is alike. */
export async function makeLarge(database: MysqlDatabase): Promise<void> {
  const digits =
    "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
  const numbers = `(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n FROM ${digits} a, ${digits} b, ${digits} c, (SELECT 0 d UNION SELECT 1 UNION SELECT 2) e) numbers`;
  const filler = "REPEAT('abcdefghij', 5)";
  for (const sql of [
    "CREATE TABLE whole (id BIGINT UNSIGNED PRIMARY KEY, t VARCHAR(99))",
    `INSERT INTO whole SELECT 18446744073709551615 - n, ${filler} FROM ${numbers}`,
    "CREATE TABLE sparse (id INT PRIMARY KEY, t VARCHAR(99))",
    `INSERT INTO sparse SELECT IF(n % 2 = 0, n, -2000000000 + n * n), ${filler} FROM ${numbers}`,
    "CREATE TABLE words (w VARCHAR(40) CHARACTER SET latin1 PRIMARY KEY, t VARCHAR(99))",
    `INSERT INTO words SELECT CONCAT(CHAR(65 + n % 50 USING latin1), 'é''\\\\', n), ${filler} FROM ${numbers}`,
    "CREATE TABLE pairs (b VARBINARY(9), n INT, t VARCHAR(99), PRIMARY KEY (b, n))",
    `INSERT INTO pairs SELECT IF(n % 7 = 0, '', CHAR(n % 7, 0, 92)), n, ${filler} FROM ${numbers}`,
    "CREATE TABLE times_of (at DATETIME(3), d DECIMAL(20,5), t VARCHAR(99), PRIMARY KEY (at, d))",
    `INSERT INTO times_of SELECT '2024-01-01 00:00:00.5' + INTERVAL n DIV 9 DAY, n / 7, ${filler} FROM ${numbers}`,
    "CREATE TABLE heap (t VARCHAR(99), n INT)",
    `INSERT INTO heap SELECT ${filler}, n FROM ${numbers}`,
    "CREATE TABLE kinds (e ENUM('b','a'), n INT, PRIMARY KEY (e, n))",
    `INSERT INTO kinds SELECT IF(n % 2, 'a', 'b'), n FROM ${numbers}`,
    "ANALYZE TABLE whole, sparse, words, pairs, times_of, heap, kinds",
  ]) {
    await database.sql(sql);
  }
}
