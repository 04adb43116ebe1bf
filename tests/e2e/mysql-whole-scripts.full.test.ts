import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackupHere } from "../helpers/dbbackup-here.ts";
import { logsIn } from "../helpers/mysql-accounts.ts";
import { startMysql } from "../helpers/mysql-server.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

test.each(["mariadb-11.8", "mysql-9.7"] as const)(
  "what is said of a script of a whole server of %s works: the stock client, and accounts behind FLUSH PRIVILEGES",
  async (flavour) => {
    await using source = await startMysql({ flavour });
    await using target = await startMysql({ flavour });
    await using folder = await withTemporaryFolder();
    for (const name of ["one", "two"]) {
      await source.sql(`CREATE DATABASE ${name}`);
      await source.sql(`CREATE TABLE ${name}.t (a INT PRIMARY KEY)`);
      await source.sql(`INSERT INTO ${name}.t VALUES (1)`);
    }
    await source.sql("CREATE USER app@'%' IDENTIFIED BY 'app''s'");
    await source.sql("GRANT SELECT ON one.* TO app@'%'");
    const { stdout } = await mustMysqlStock("dump", source, ["--all-databases", "--routines", "--events"]);
    const path = join(folder.path, "all.sql");
    await writeFile(path, stdout);
    const where = ["--url", target.url(), "--no-defaults", "--quiet"];
    for (const command of [
      ["restore", "single", path],
      ["restore", "single", path, "--target=one", "--create"],
      ["restore", "cluster", path],
      ["restore", "cluster", path, "--database=one"],
    ]) {
      const { status, stderr } = await dbbackupHere([...command, ...where]);
      expect(stderr).toMatch(/^hint: .*mysql < SCRIPT.*, then FLUSH PRIVILEGES/m);
      expect(status).toBe(2);
    }
    expect(await target.sql("SHOW DATABASES LIKE 'one'")).toEqual([]);
    await mustMysqlStock("client", target, [], { input: stdout });
    const app = { user: "app", password: "app's" };
    expect(await logsIn(target, app)).toBe(false);
    await target.sql("FLUSH PRIVILEGES");
    expect(await logsIn(target, app)).toBe(true);
    expect(await target.sql("SELECT * FROM two.t")).toEqual([{ a: "1" }]);
  },
);
