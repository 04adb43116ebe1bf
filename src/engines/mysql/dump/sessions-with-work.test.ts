import { expect, test } from "vitest";
import { withMysqlDatabase } from "../../../../tests/helpers/mysql-database.ts";
import { rootSpec } from "../../../../tests/helpers/mysql-server.ts";
import { sharedMysql } from "../../../../tests/helpers/mysql-shared-servers.ts";
import { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { identifyMysql } from "../../../wire/mysql/identify-server.ts";
import { sessionsWithWork } from "./sessions-with-work.ts";

test.each(["mariadb-11.8", "mysql-9.7"] as const)(
  "%s: no more sessions than tables and parts of large ones",
  async (flavour) => {
    const server = await sharedMysql(flavour);
    await using database = await withMysqlDatabase(server);
    await using control = await MysqlConnection.connect(rootSpec(server));
    const source = { control, facts: await identifyMysql(control) };
    const sessions = (wanted: number, partBytes = 1024 * 1024): Promise<number> =>
      sessionsWithWork(source, database.name, { wanted, partBytes });
    expect(await sessions(4)).toBe(1);
    for (const name of ["a", "b", "c"]) await database.sql(`CREATE TABLE ${name} (i INT PRIMARY KEY)`);
    await database.sql("CREATE VIEW v AS SELECT i FROM a");
    expect([await sessions(8), await sessions(2), await sessions(1)]).toEqual([3, 2, 1]);
    // An empty table takes 16 KiB.
    expect(await sessions(16, 4096)).toBe(12);
  },
);
