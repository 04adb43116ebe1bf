import { join } from "node:path";
import { expect, test } from "vitest";
import { commitFaults, expectWholeAndSwept, killedAtRandom, killedBackup } from "../helpers/killed-backups.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

async function postgres() {
  const database = await withDatabase(await sharedServer(18));
  await database.sql(
    "CREATE TABLE t AS SELECT i, md5(i::text) || md5((i + 1)::text) AS hash FROM generate_series(1, 60000) i",
  );
  return {
    database,
    sessions: "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'dbbackup 0%'",
  };
}

async function mysql(flavour: MysqlFlavour) {
  const database = await withMysqlDatabase(await sharedMysql(flavour));
  await database.sql("CREATE TABLE t (i INT PRIMARY KEY AUTO_INCREMENT, hash TEXT) ENGINE = InnoDB");
  await database.sql("INSERT INTO t (hash) VALUES (REPEAT('0123456789abcdef', 40))");
  for (let rows = 1; rows < 32_768; rows *= 2) await database.sql("INSERT INTO t (hash) SELECT hash FROM t");
  return {
    database,
    sessions: `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = '${database.name}' AND id <> CONNECTION_ID()`,
  };
}

const sources = {
  "PostgreSQL 18": postgres,
  "MariaDB 10.11": () => mysql("mariadb-10.11"),
  "MySQL 9.7": () => mysql("mysql-9.7"),
};

test.each(Object.entries(sources))(
  "%s: 40 times killed with -9, what is listed is whole, the rest is swept by the next run",
  {
    timeout: 240_000,
  },
  async (_, open) => {
    await using folder = await withTemporaryFolder();
    const { database, sessions } = await open();
    await using _database = database;
    const repo = join(folder.path, "repo");
    for (const fault of commitFaults) {
      expect((await killedBackup(database, repo, { fault })).signal, fault).toBe("SIGKILL");
    }
    const times = 40 - commitFaults.length;
    await killedAtRandom(database, repo, { times, seed: 20_261_120, timing: join(folder.path, "timing") });
    await expectWholeAndSwept(database, repo);
    await expect.poll(() => database.sql(sessions)).toEqual([{ n: "0" }]);
  },
);
