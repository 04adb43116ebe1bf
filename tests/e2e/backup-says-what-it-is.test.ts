import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ExitStatus } from "../../src/core/exit-status.ts";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const variable = { DBBACKUP_DB_TYPE: "mariadb" };

test("where no server is asked, the configured kind of server keeps nobody from reading a backup of the other kind", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT 1 AS id");
  const [file, script, config] = ["shop.dump", "shop.sql", "dbbackup.toml"].map((name) => join(folder.path, name));
  await mustDbbackupHere(["backup", "single", database.name, "--url", database.url, "--output", file!]);
  writeFileSync(config!, '[source]\ndb_type = "mariadb"\nhost = "db.invalid"\n');
  const [restore, verify] = [
    ["restore", "single", file!],
    ["verify", file!, "--no-record"],
  ];
  const reading = [
    [...restore, "--list"],
    // Of PostgreSQL alone, as the backup is.
    [...restore, "--file", script!, "--restrict-key", "Zaubernuss"],
    [...verify, "--quick"],
    verify,
  ];
  for (const [args, environment] of [
    [["--config", config!], {}],
    [["--config", "none"], variable],
  ] as const) {
    for (const command of reading) {
      using _ = withVariables(environment);
      const { status, stderr } = await dbbackupHere([...command, ...args]);
      expect([status, stderr], command.join(" ")).toEqual([ExitStatus.done, expect.any(String)]);
    }
    expect(readFileSync(script!, "utf8")).toContain("CREATE TABLE public.t");
    rmSync(script!);
    using _ = withVariables(environment);
    const { status, stderr } = await dbbackupHere([...restore, "--target", "other", ...args]);
    expect(status).toBe(ExitStatus.usage);
    expect(stderr).toContain("the backup is one of PostgreSQL, and cannot be restored into MySQL and MariaDB");
  }
  // Who says it of this run contradicts the backup.
  const { status, stderr } = await dbbackupHere([...verify, "--quick", "--db-type", "mariadb", "--config", "none"]);
  expect([status, stderr]).toEqual([ExitStatus.usage, expect.stringContaining("the backup is one of PostgreSQL")]);
});
