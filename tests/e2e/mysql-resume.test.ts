import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { killedRestoreAt } from "../helpers/interrupted-restore.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { mysqlUrl, rootSpec } from "../helpers/mysql-server.ts";
import { made, restore } from "./mysql-directory-restore-suite.ts";
import { expectResumed, resumeSuite, withResumeSource } from "./mysql-resume-suite.ts";

resumeSuite(["mariadb-11.8", "mysql-9.7"], 6);

test.each(["mariadb-10.11", "mysql-5.6"] as const)(
  "an interrupted restore into %s is resumed as it was begun, by nobody beside it, or not at all",
  async (flavour) => {
    await using source = await withResumeSource(flavour);
    const { server, path } = source;
    await using target = await withMysqlDatabase(server);
    const run = (args: readonly string[], backup = path) =>
      dbbackup(["restore", "single", backup, "--url", mysqlUrl(server), `--target=${target.name}`, "--quiet", ...args]);
    const refused = async (args: readonly string[], message: RegExp, backup = path): Promise<void> => {
      const { status, stderr } = await run(args, backup);
      expect(stderr.toString()).toMatch(message);
      expect(status).toBe(1);
    };
    await refused(["--resume"], /holds no interrupted restore that can be resumed/);
    const urlAt = (port: number): string => mysqlUrl({ flavour, port, socket: "" });
    const begun = ["--definer=root@localhost"];
    const first = await killedRestoreAt(
      server.port,
      urlAt,
      [path, `--target=${target.name}`, ...begun, "--jobs=2", "--resumable"],
      200,
    );
    expect(first.status).toBeNull();
    await using other = await made(flavour);
    await refused(["--resume", ...begun], /is that of another backup/, other.path);
    await refused(["--resume"], /other options \(--definer was given\)/);
    await refused(["--resume", ...begun, "--table=big"], /--table was not given/);
    for (const more of [[], ["--resumable"], ["--clean", "--if-exists"]]) {
      await refused(["--confirm", ...more], /holds a restore that was interrupted/);
    }
    const create = await run(["--create", "--resumable"]);
    expect(create).toMatchObject({ status: 2, stderr: expect.stringContaining("go on with --resume if") });
    await target.sql("RENAME TABLE parent TO elsewhere");
    await refused(["--resume", ...begun], /was changed .*: "parent" had been restored, and is gone/);
    await target.sql("RENAME TABLE elsewhere TO parent");
    {
      await using beside = await MysqlConnection.connect(rootSpec(server, target.name));
      const [lock] = await beside.rows(
        `SELECT CONCAT('dbbackup_restore_', LEFT(SHA2('${target.name}', 256), 32), '_1') AS name`,
      );
      expect(await beside.rows(`SELECT GET_LOCK('${lock!.name}', 0) AS has`)).toEqual([{ has: "1" }]);
      await refused(["--resume", ...begun], /another restore is still at work .*\(sessions \d+\)/);
    }
    // As a crash of the server leaves it that writes its log once in a second: notes are lost, views are not.
    await target.sql("CREATE OR REPLACE VIEW seen AS SELECT 1 AS n");
    await target.sql("CREATE OR REPLACE VIEW first_seen AS SELECT 1 AS n");
    const standIns = JSON.parse(await readFile(join(path, "index.json"), "utf8")).objects.flatMap(
      ({ kind }: { kind: string }, number: number) => (kind === "stand-in" ? [`'object ${number}'`] : []),
    );
    expect(standIns).toHaveLength(2);
    await target.sql(`DELETE FROM dbbackup_restore_journal WHERE step IN (${standIns.join(", ")})`);
    const done = await run(["--resume", ...begun, "--jobs=4"]);
    expect(done.status, done.stderr.toString()).toBe(0);
    await expectResumed(target, source);
    await refused(["--resume", ...begun], /holds no interrupted restore/);
  },
);

test("what somebody else has put in the place of the journal is not believed", async () => {
  await using source = await withResumeSource("mariadb-10.5");
  const { server, path } = source;
  await using target = await withMysqlDatabase(server);
  const resume = ["--target", target.name, "--confirm", "--resume"];
  for (const sql of [
    "CREATE VIEW dbbackup_restore_journal AS SELECT 'run' AS step, '{}' AS value",
    "CREATE TABLE dbbackup_restore_journal (step VARCHAR(190) PRIMARY KEY, value MEDIUMTEXT) ENGINE=MyISAM",
    "CREATE TABLE dbbackup_restore_journal (step VARCHAR(190) CHARACTER SET ascii PRIMARY KEY, value MEDIUMTEXT, more INT) ENGINE=InnoDB",
    "CREATE TABLE dbbackup_restore_journal (step VARCHAR(190) CHARACTER SET ascii PRIMARY KEY, value MEDIUMTEXT) ENGINE=InnoDB",
  ]) {
    await target.sql(sql);
    const done = await restore(path, server, resume);
    expect(done.stderr.toString()).toContain("is not the journal of a restore");
    expect(done.status).toBe(1);
    await target.sql(`DROP ${sql.split(" ")[1]} dbbackup_restore_journal`);
  }
  await target.sql("CREATE TABLE old (id INT, p INT, t VARCHAR(300), KEY (id)) ENGINE=MyISAM");
  const into = await restore(path, server, [
    "--target",
    target.name,
    "--confirm",
    "--resumable",
    "--data-only",
    "--table=old",
  ]);
  expect(into.stderr.toString()).toContain("has no transactions and is not made by this restore");
  expect(await target.sql("SHOW TABLES LIKE 'dbb%'")).toEqual([]);
  const flags = [
    ["--resumable", "--on-error=continue"],
    ["--resume", "--dry-run"],
  ];
  for (const flag of flags) expect((await restore(path, server, ["--target", target.name, ...flag])).status).toBe(2);
  await mustDbbackup(["backup", "single", target.name, "--url", mysqlUrl(server), "--output", `${path}.sql`]);
  expect((await restore(`${path}.sql`, server, ["--target=x", "--create", "--resumable"])).status).toBe(2);
  const backup = ["backup", "single", target.name, "--url", mysqlUrl(server), "--format=directory", "--resumable"];
  expect((await dbbackup(backup)).status).toBe(2);
});
