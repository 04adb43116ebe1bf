import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { checksums } from "../helpers/mysql-round-trip.ts";
import { mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** Rows around a packet of 1 MiB: many small ones, those that just fit as statements, and those that never do. */
const near = [
  "CREATE TABLE small (id INT PRIMARY KEY, t LONGTEXT)",
  `INSERT INTO small VALUES ${Array.from({ length: 400 }, (_, id) => `(${id}, REPEAT('y', 9000))`).join(", ")}`,
  "CREATE TABLE near_it (id INT PRIMARY KEY, t LONGTEXT, u LONGBLOB)",
  "INSERT INTO near_it VALUES (1, REPEAT('a', 1048576 - 2000), 'x'), (2, REPEAT('\\n', 500000), 'x'), (3, REPEAT('b', 600000), REPEAT('c', 300000))",
];
const above = [
  "CREATE TABLE big (id INT PRIMARY KEY, t LONGTEXT, u LONGTEXT)",
  "INSERT INTO big VALUES (1, 'x', 'y'), (2, REPEAT('e', 700000), REPEAT('f', 700000)), (3, REPEAT('d', 2000000), 'z')",
];

describe.each(["mariadb-11.8", "mysql-5.6", "mysql-9.7"] as const)(
  "a server of %s that takes short statements only",
  (flavour) => {
    let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;
    let fits: MysqlDatabase;
    let large: MysqlDatabase;
    const path = (name: string, kind: string): string => join(folder.path, `${name}.${kind}`);

    beforeAll(async () => {
      folder = await withTemporaryFolder();
      const server = await sharedMysql(flavour);
      fits = await withMysqlDatabase(server);
      large = await withMysqlDatabase(server);
      for (const sql of near) await fits.sql(sql);
      for (const sql of above) await large.sql(sql);
      for (const [name, { name: database }] of Object.entries({ fits, large })) {
        for (const [kind, format] of Object.entries({ sql: "sql", dir: "directory" })) {
          const to = ["--output", path(name, kind), "--format", format, "--quiet"];
          await mustDbbackupHere(["backup", "single", database, "--no-defaults", "--url", mysqlUrl(server), ...to]);
        }
      }
    });
    afterAll(async () => {
      await fits[Symbol.asyncDispose]();
      await large[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    /** Contents come out as they were, or nothing is left. */
    async function restores(url: string, name: string, kind: string): Promise<string> {
      const args = ["--no-defaults", "--url", url, "--target=came", "--create", "--quiet"];
      const { status, stderr } = await dbbackupHere(["restore", "single", path(name, kind), ...args]);
      expect({ stderr, status }).toEqual({ stderr, status: stderr.includes("error: ") ? 1 : 0 });
      return stderr;
    }

    test.each([
      { size: "1M", loadsFiles: true },
      { size: "1M", loadsFiles: false },
      { size: "64K", loadsFiles: true },
      { size: "1024", loadsFiles: true },
      { size: "1024", loadsFiles: false },
    ])("of up to $size, with LOAD DATA LOCAL: $loadsFiles", async ({ size, loadsFiles }) => {
      const settings = [`max-allowed-packet=${size}`, `local-infile=${loadsFiles ? 1 : 0}`];
      await using server = await startMysql({ flavour, settings });
      const bytes = { "1M": 1_048_575, "64K": 65_535, "1024": 1023 }[size]!;
      const limit = `the server takes ${bytes} (max_allowed_packet)`;
      for (const [name, from] of Object.entries({ fits, large })) {
        for (const kind of ["sql", "dir"]) {
          const said = await restores(server.url(), name, kind);
          const isWhole = kind === "dir" && loadsFiles ? true : name === "fits" && size === "1M";
          if (isWhole) {
            if (kind === "dir" && !loadsFiles) expect(said).toContain("takes no LOAD DATA LOCAL");
            else expect(said).toBe("");
            for (const [table, sum] of await checksums(from)) {
              expect(await server.sql(`CHECKSUM TABLE ${table}`, "came")).toEqual([
                { Table: `came.${table}`, Checksum: sum },
              ]);
            }
            await server.sql("DROP DATABASE came");
            continue;
          }
          const table = size === "1024" && name === "fits" && kind === "dir" ? "small" : undefined;
          const wanted = table ?? (name === "large" ? "big" : "near_it");
          expect(said).toContain(limit);
          expect(said).toMatch(
            new RegExp(kind === "dir" ? `a row of table "${wanted}" has` : ', rows of table "\\w+",'),
          );
          if (kind === "sql") expect(said).toContain("the restore cannot work: the statement on line ");
          else expect(said).toContain("was dropped again");
          expect(await server.sql("SHOW DATABASES LIKE 'came'")).toEqual([]);
        }
      }
    });
  },
);
