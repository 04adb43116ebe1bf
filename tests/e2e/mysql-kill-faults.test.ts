import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { expectWholeAndSwept, killedAtRandom, killedBackup } from "../helpers/killed-backups.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { type MysqlServer, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** Kills a backup with -9 when the server has begun to answer a statement: what that took, the server holds. */
async function killedBehind(statement: string, { name, server }: MysqlDatabase, repo: string): Promise<void> {
  let child: ChildProcess | undefined;
  let isSent = false;
  await using proxy = await TcpProxy.start({
    targetPort: server.port,
    onClientBytes: (_, bytes) => {
      isSent ||= bytes.includes(statement);
    },
    fromServer: (bytes) => {
      if (isSent) child?.kill("SIGKILL");
      return bytes;
    },
  });
  // TLS would hide what is sent.
  const url = `${mysqlUrl({ ...server, port: proxy.port })}?ssl-mode=disable`;
  child = spawn(process.execPath, [await builtProgram(), "backup", "single", name, "--url", url, "--repo", repo], {
    stdio: "ignore",
    env: { ...process.env, ...foreignVariables },
  });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect({ statement, isSent, signal }).toEqual({ statement, isSent: true, signal: "SIGKILL" });
}

const lockStatements = {
  "mariadb-11.8": [
    "BACKUP STAGE START",
    "BACKUP STAGE BLOCK_DDL",
    "BACKUP STAGE BLOCK_COMMIT",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    "BACKUP STAGE END",
  ],
  "mysql-9.7": [
    "FLUSH TABLES WITH READ LOCK",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    "LOCK INSTANCE FOR BACKUP",
    "UNLOCK TABLES",
  ],
} as const;

test.each(Object.keys(lockStatements) as (keyof typeof lockStatements)[])(
  "%s: no lock, no session and no backup outlives a kill -9 at a lock",
  async (flavour) => {
    await using server: MysqlServer = await startMysql({ flavour });
    await using database = await withMysqlDatabase(server);
    await using folder = await withTemporaryFolder();
    await database.sql("CREATE TABLE t (a INT) ENGINE = InnoDB");
    const repo = join(folder.path, "repo");
    for (const statement of lockStatements[flavour]) {
      await killedBehind(statement, database, repo);
      // Each waits for the lock for as long as servers do: a day.
      await database.sql("INSERT INTO t VALUES (1)");
      await database.sql("ALTER TABLE t COMMENT = 'changed'");
      await database.sql("FLUSH TABLES");
      const sessions = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'root' AND id <> CONNECTION_ID()`;
      await expect.poll(() => server.sql(sessions)).toEqual([{ n: "0" }]);
    }
    expect(JSON.parse((await mustDbbackup(["list", "--repo", repo, "--json"])).stdout.toString())).toEqual([]);
    await expectWholeAndSwept(database, repo);
  },
);

test("tables without transactions: no lock outlives a backup that is killed while it reads one under it", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.11" });
  await using database = await withMysqlDatabase(server);
  await database.sql("CREATE TABLE held (a INT, b LONGTEXT) ENGINE = MyISAM");
  await database.sql("INSERT INTO held SELECT seq, REPEAT('x', 100000) FROM seq_1_to_1000");
  await using folder = await withTemporaryFolder();
  // Nobody reads the pipe, so that the backup stands in the midst of the table.
  const child = spawn(
    process.execPath,
    [await builtProgram(), "backup", "single", database.name, "--url", mysqlUrl(server), "--output", "-"],
    { stdio: ["ignore", "pipe", "ignore"], cwd: folder.path, env: { ...process.env, ...foreignVariables } },
  );
  const reading =
    "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT%FROM `held`%' AND id <> CONNECTION_ID()";
  await expect.poll(() => server.sql(reading)).toEqual([{ n: "1" }]);
  const writing = database.sql("INSERT INTO held VALUES (0, 'while it is locked')");
  const waiting =
    "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'INSERT%' AND state LIKE '%lock%'";
  await expect.poll(() => server.sql(waiting)).toEqual([{ n: "1" }]);
  child.kill("SIGKILL");
  await writing;
});

test("kill -9 at steps of the commit and at random moments: what is listed is whole, the rest is swept", async () => {
  await using database = await withMysqlDatabase(await sharedMysql("mysql-5.6"));
  await database.sql("CREATE TABLE t (a INT PRIMARY KEY) ENGINE = InnoDB");
  await database.sql("INSERT INTO t VALUES (1), (2), (3)");
  await using folder = await withTemporaryFolder();
  const repo = join(folder.path, "repo");
  for (const fault of ["kill-before:link:1", "kill-after:link:1", "kill-before:link:2", "kill-after:link:2"]) {
    expect((await killedBackup(database, repo, { fault })).signal, fault).toBe("SIGKILL");
  }
  await killedAtRandom(database, repo, { times: 4, seed: 20_261_122, timing: join(folder.path, "timing") });
  await expectWholeAndSwept(database, repo);
  expect((await dbbackup(["list", "--repo", repo])).status).toBe(0);
});

test("kill -9 of a backup that writes a directory over several connections: the same, and no session is left", async () => {
  await using database = await withMysqlDatabase(await sharedMysql("mariadb-10.11"));
  for (const name of ["t", "u", "v"]) {
    await database.sql(`CREATE TABLE ${name} (a INT PRIMARY KEY, b TEXT) ENGINE = InnoDB`);
    await database.sql(`INSERT INTO ${name} SELECT seq, REPEAT('x', 200) FROM seq_1_to_5000`);
  }
  await using folder = await withTemporaryFolder();
  const repo = join(folder.path, "repo");
  const source = { name: database.name, url: database.url, options: ["--format", "directory", "--jobs", "3"] };
  for (const fault of ["kill-before:fsync:3", "kill-before:link:1", "kill-after:link:1"]) {
    expect((await killedBackup(source, repo, { fault })).signal, fault).toBe("SIGKILL");
  }
  await killedAtRandom(source, repo, { times: 4, seed: 7, timing: join(folder.path, "timing") });
  await expectWholeAndSwept(source, repo);
  const sessions = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = '${database.name}' AND id <> CONNECTION_ID()`;
  await expect.poll(() => database.sql(sessions)).toEqual([{ n: "0" }]);
});
