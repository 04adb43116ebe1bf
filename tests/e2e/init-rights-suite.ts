import { join } from "node:path";
import { expect, test } from "vitest";
import { mysqlFinder } from "../../src/engines/mysql/local/find-mysql.ts";
import { postgresFinder } from "../../src/engines/postgres/local/find-postgres.ts";
import { mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { mysqlSql, mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { serverSql } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, withDatabase } from "../helpers/test-database.ts";

/** What `init` shows as the rights of a backup is tried by a backup with no others. */
export function initRights({
  majors,
  flavours,
}: {
  readonly majors: readonly PostgresMajor[];
  readonly flavours: readonly MysqlFlavour[];
}): void {
  test.each(majors)("the rights that are shown for PostgreSQL %s are enough for a backup", async (major) => {
    await using folder = await withTemporaryFolder();
    await using database = await withDatabase(await sharedServer(major));
    await database.sql("CREATE TABLE item (id serial, name text); INSERT INTO item (name) VALUES ('a')");
    const role = `reader_${database.name}`;
    const server = await postgresFinder.list(
      { url: databaseUrl(database.server, "postgres") },
      new AbortController().signal,
    );
    const statements = postgresFinder
      .backupRole(database.name, server)
      .map((line) => line.replace(/\bdbbackup\b/, role));
    await database.sql(statements.join("\n"));
    try {
      const url = databaseUrl(database.server, database.name, role);
      await mustDbbackupHere(["backup", "single", database.name, "--url", url, "--repo", folder.path]);
    } finally {
      await database.drop();
      await serverSql(database.server, `DROP ROLE ${role}`);
    }
  });

  test.each(flavours)(
    "a first backup of %s, and the rights that are shown are enough for the next",
    async (flavour) => {
      await using folder = await withTemporaryFolder();
      const server = await sharedMysql(flavour);
      await using database = await withMysqlDatabase(server);
      await mysqlSql(server, "CREATE TABLE item (id int PRIMARY KEY) ENGINE=InnoDB", database.name);
      await mysqlSql(server, "INSERT INTO item VALUES (1), (2)", database.name);
      await mysqlSql(server, "CREATE PROCEDURE nothing() SELECT 1", database.name);
      const url = mysqlUrl(server);
      const places = [
        "--repo",
        folder.path,
        "--no-encrypt",
        "--no-proof",
        "--write-config",
        join(folder.path, "c.toml"),
      ];
      const done = await mustDbbackupHere([
        "init",
        database.name,
        "--url",
        url,
        ...places,
        "--yes",
        "--json",
        "--quiet",
      ]);
      expect(JSON.parse(done.stdout.toString())).toMatchObject({ key_file: null, backup: { format: "sql" } });
      expect((await mustDbbackupHere(["config", "check", join(folder.path, "c.toml")])).status).toBe(0);

      const reader = `r_${database.name.slice(-10)}`;
      const found = await mysqlFinder.list({ url }, new AbortController().signal);
      const statements = mysqlFinder.backupRole(database.name, found).filter((line) => !line.startsWith("--"));
      for (const line of statements) {
        await mysqlSql(
          server,
          line.replaceAll("dbbackup@localhost", `'${reader}'@'%'`).replace("'choose one'", "'choose-1-More!'"),
        );
      }
      try {
        const asReader = new URL(url);
        asReader.username = reader;
        asReader.password = "choose-1-More!";
        await mustDbbackupHere(["backup", "single", database.name, "--url", asReader.href, "--repo", folder.path]);
      } finally {
        await mysqlSql(server, `DROP USER '${reader}'@'%'`);
      }
    },
  );
}
