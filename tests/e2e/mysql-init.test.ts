import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { pathWith, placeForServers } from "./demo-mysql-suite.ts";

test.each(["mariadb-10.11", "mysql-9.7"] as const)(
  "from nothing to an encrypted backup of %s that was restored for proof",
  async (flavour) => {
    await using folder = await withTemporaryFolder();
    await using place = await placeForServers();
    await using database = await withMysqlDatabase(await sharedMysql(flavour));
    await database.sql("CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(20)) ENGINE = InnoDB");
    await database.sql("INSERT INTO item VALUES (1, 'one'), (2, 'two'), (3, NULL)");
    const places = ["--repo", join(folder.path, "backups"), "--key-file", join(folder.path, "k.key")];
    const written = ["--write-config", join(folder.path, "c.toml"), "--no-input", "--json", "--progress=none"];
    const env = { PATH: await pathWith(flavour), TMPDIR: place.path };
    const asked = ["init", database.name, "--url", mysqlUrl(database.server), ...places, ...written];
    const { status, stdout, stderr } = await dbbackup(asked, { env });
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      database: database.name,
      proof: { status: "ok", counts: { tables: 1, rows: 3 } },
      backup: { encrypted: true },
    });
    expect(readdirSync(folder.path).toSorted()).toEqual(["backups", "c.toml", "k.key"]);
    expect(readdirSync(place.path)).toEqual([]);
    const listed = await dbbackup(["list", "--json", "--config", join(folder.path, "c.toml")]);
    expect(JSON.parse(listed.stdout.toString())).toHaveLength(1);
  },
);
