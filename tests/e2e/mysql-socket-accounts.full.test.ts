import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { clusterSettings, isMariadb, logsInOverSocket, shownAccounts } from "../helpers/mysql-accounts.ts";
import { startMysql } from "../helpers/mysql-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const me = userInfo().username;

// MariaDB before 11.6 lets nobody in but by the name of the system's user.
test.each(["mariadb-11.8", "mysql-9.7"] as const)(
  "accounts of %s that the system's user logs in with over the socket come out so",
  async (flavour) => {
    await using source = await startMysql({ flavour, settings: clusterSettings(flavour) });
    await using target = await startMysql({ flavour, settings: clusterSettings(flavour) });
    await using folder = await withTemporaryFolder();
    const way = isMariadb(source) ? "VIA unix_socket USING" : "WITH auth_socket AS";
    if (!isMariadb(source)) await source.sql("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'");
    for (const sql of [
      "CREATE DATABASE shop",
      `CREATE USER mine@localhost IDENTIFIED ${way} '${me}'`,
      `CREATE USER others@localhost IDENTIFIED ${way} 'nobody-of-here'`,
      "GRANT SELECT ON shop.* TO mine@localhost WITH GRANT OPTION",
      "GRANT ALL ON shop.* TO others@localhost",
    ])
      await source.sql(sql);
    if (isMariadb(source)) {
      await source.sql(
        `CREATE USER either@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('x') OR unix_socket USING '${me}'`,
      );
    }
    const repo = ["--repo", folder.path, "--quiet", "--no-defaults", "--user=root", "--db-type=mysql", "--socket"];
    await mustDbbackupHere(["backup", "cluster", ...repo, source.socket]);
    const run = () => dbbackupHere(["restore", "cluster", "latest:cluster", ...repo, target.socket]);
    if (!isMariadb(target)) {
      const refused = await run();
      expect(refused.stderr).toMatch(/the server has no plugin "auth_socket"/);
      expect(refused.status).toBe(1);
      expect(await target.sql("SELECT User FROM mysql.user WHERE User = 'mine'")).toEqual([]);
      await target.sql("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'");
    }
    expect(await run()).toMatchObject({ status: 0 });
    expect(await shownAccounts(target)).toEqual(await shownAccounts(source));
    for (const server of [source, target]) {
      expect(await logsInOverSocket(server, "mine")).toBe(true);
      expect(await logsInOverSocket(server, "others")).toBe(false);
      if (isMariadb(server)) expect(await logsInOverSocket(server, "either")).toBe(true);
    }
  },
);
