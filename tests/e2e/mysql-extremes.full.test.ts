import { describe, expect, test } from "vitest";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { backupToSql, checksums, loadWithStock, roundTrips } from "../helpers/mysql-round-trip.ts";
import { startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";

describe.each(mysqlFlavours)("a dump of %s holds", (flavour) => {
  test("values of 64 MiB", async () => {
    // MySQL 5.6 takes no value that is larger than a tenth of its log.
    const settings = flavour === "mysql-5.6" ? ["innodb-log-file-size=400M"] : [];
    await using server = await startMysql({ flavour, settings });
    await using source = await withMysqlDatabase(server);
    await source.sql("CREATE TABLE blobs (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT)");
    await source.sql(
      "INSERT INTO blobs VALUES (1, REPEAT(UNHEX('00FF5C27'), 7340032), NULL), (2, 'x', REPEAT('ü''', 5000000))",
    );
    await source.sql("INSERT INTO blobs VALUES (3, REPEAT('abcdefgh', 8388608), 'last')");
    const { script } = await backupToSql(server, source.name);
    expect(script.length).toBeGreaterThan(100_000_000);
    await using target = await withMysqlDatabase(server);
    await loadWithStock(target, script);
    expect(await checksums(target)).toEqual(await checksums(source));
    const again = await backupToSql(server, target.name);
    expect(again.script.equals(script)).toBe(true);
  });

  test("views of 4,096 columns and tables of 1,000 partitions", async () => {
    await using source = await withMysqlDatabase(await sharedMysql(flavour));
    const columns = Array.from({ length: 4096 }, (_, column) => `${column} AS \`column ${column} of a wide view\``);
    await source.sql(`CREATE VIEW wide AS SELECT ${columns.join(", ")}`);
    await source.sql("CREATE TABLE parted (id INT NOT NULL, PRIMARY KEY (id)) PARTITION BY HASH (id) PARTITIONS 1000");
    await source.sql(`INSERT INTO parted VALUES ${Array.from({ length: 3000 }, (_, id) => `(${id})`).join(", ")}`);
    await roundTrips(source);
  });
});
