import { describe, expect, test } from "vitest";
import { mysqlWorkloads } from "../../bench/mysql/workloads.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { dumpScriptByFour } from "../helpers/mysql-forced-parts.ts";
import { backupToSql, checksums, loadWithStock, stockDump } from "../helpers/mysql-round-trip.ts";
import { rootSpec } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { makeLarge } from "./mysql-directory-suite.ts";

/** Without what statements begin with, and what stands between rows. */
function lines(script: Buffer): string[] {
  const all = script.toString("latin1").split("\n");
  return all.filter((line) => !line.startsWith("INSERT INTO")).map((line) => line.replace(/[,;]$/, ""));
}

describe.each(["mariadb-10.11", "mysql-9.7"] as const)("a script of %s by several connections", (flavour) => {
  test("is one script, with all rows of all tables", async () => {
    const server = await sharedMysql(flavour);
    await using source = await withMysqlDatabase(server);
    await makeLarge(source);
    await source.sql("CREATE TRIGGER fires BEFORE INSERT ON heap FOR EACH ROW SET NEW.n = NEW.n + 1");
    await source.sql("CREATE TABLE nothing (a INT) ENGINE=MyISAM");
    await using connection = await MysqlConnection.connect(rootSpec(server, source.name));
    for (const workload of mysqlWorkloads.slice(0, 2)) await workload.make(connection, { megabytes: 24, tables: 0 });
    // Keys that lie in heaps, far from each other.
    await source.sql("DELETE FROM measures WHERE id > 60000 AND id % 1000 > 100");
    await source.sql("ANALYZE TABLE events, measures");
    const one = await backupToSql(server, source.name);
    const several = await backupToSql(server, source.name, ["--jobs", "4"]);
    expect(several.metadata.objects).toEqual(one.metadata.objects);
    expect(lines(several.script)).toEqual(lines(one.script));
    const alone = await dumpScriptByFour(source, { isLong: () => false });
    const shared = await dumpScriptByFour(source, { isLong: () => true });
    for (const script of [alone, shared]) expect(lines(script).slice(1)).toEqual(lines(one.script).slice(1));
    // Statements end where parts do.
    expect(shared.equals(alone)).toBe(false);
    await using copy = await withMysqlDatabase(server);
    await loadWithStock(copy, shared);
    expect(await checksums(copy)).toEqual(await checksums(source));
    expect(await stockDump(copy)).toBe(await stockDump(source));
  });
});
