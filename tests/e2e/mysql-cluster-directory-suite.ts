import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { clusterSettings, shownAccounts } from "../helpers/mysql-accounts.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { checksums, stockDump, withMysqlFixture } from "../helpers/mysql-round-trip.ts";
import { startMysql } from "../helpers/mysql-server.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { makeLarge } from "./mysql-directory-suite.ts";

/** Clusters of these servers are read and restored by several sessions. */
export function clusterDirectorySuite(flavours: readonly MysqlFlavour[]): void {
  describe.each(flavours)("a cluster of %s as directories", (flavour) => {
    test("comes back as it was, over several sessions", async () => {
      const settings = [...clusterSettings(flavour), "local-infile=1"];
      await using source = await startMysql({ flavour, settings });
      await using large = await withMysqlDatabase(source, "large");
      await using types = await withMysqlFixture(source, "types.sql");
      await using _empty = await withMysqlDatabase(source, "large.dir");
      await makeLarge(large);
      await source.sql("CREATE USER reader@'%' IDENTIFIED BY 'x'");
      await source.sql("GRANT SELECT ON large.whole TO reader@'%'");
      await using folder = await withTemporaryFolder();
      const repo = ["--repo", folder.path, "--no-defaults"];
      const asked = ["--format=directory", "--jobs=3", "--chunk-size=8K", "--json"];
      const made = await mustDbbackup(["backup", "cluster", "--url", source.url(), ...repo, ...asked]);
      const { backup_file: name, databases, artifacts, ...metadata } = JSON.parse(made.stdout.toString());
      expect(metadata).toMatchObject({ format: "directory", scope: "cluster", compression: "gzip-4" });
      expect(databases.map(({ artifact }: { artifact: string }) => artifact).toSorted()).toEqual(
        ["large.dir", "large.dir.dir", `${types.name}.dir`].map((one) => `${name}/${one}`).toSorted(),
      );
      const stored = readdirSync(join(folder.path, name));
      expect(artifacts).toHaveLength(stored.length);
      expect(stored.filter((file) => /^large\.dir\.\d{5}\.\d{4}\.tsv\.gz$/.test(file)).length).toBeGreaterThan(20);
      await mustDbbackup(["verify", "latest:cluster", "--repo", folder.path]);

      await using target = await startMysql({ flavour, settings });
      const login = (server: typeof source) => ["--url", server.url()];
      await mustDbbackup(["restore", "cluster", "latest:cluster", ...login(target), ...repo, "--jobs=3"]);
      for (const { name: database } of [large, types]) {
        const [from, to] = [source, target].map((server) => ({ ...large, server, name: database }));
        const copy = { ...to!, sql: (text: string) => target.sql(text, database) };
        const first = { ...from!, sql: (text: string) => source.sql(text, database) };
        expect(await sorted(copy)).toEqual(await sorted(first));
        expect(await checksums(copy)).toEqual(await checksums(first));
      }
      expect(await target.sql("SHOW DATABASES LIKE 'large.dir'")).toHaveLength(1);
      expect(await shownAccounts(target)).toEqual(await shownAccounts(source));

      const alone = ["restore", "single", join(folder.path, name, "large.dir.meta.json"), "--target=alone", "--create"];
      expect(await dbbackup([...alone, ...login(target), "--no-defaults"])).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("use restore cluster"),
      });

      const lost = stored.find((file) => /^large\.dir\.\d{5}\.0001\.tsv/.test(file))!;
      renameSync(join(folder.path, name, lost), join(folder.path, "lost"));
      const damaged = await dbbackup(["verify", "latest:cluster", "--repo", folder.path, "--json"]);
      expect(damaged.status).toBe(4);
      expect(damaged.stdout.toString()).toContain(lost);
      const refused = ["restore", "cluster", "latest:cluster", ...login(target), ...repo, "--clean", "--confirm"];
      expect(await dbbackup(refused)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("nothing was touched"),
      });
    });
  });
}

/** Rows of a table without a key stand in it as they came. */
async function sorted(database: Parameters<typeof stockDump>[0]): Promise<string[]> {
  const lines = (await stockDump(database)).split("\n").map((line) => line.replace(/[,;]$/, ""));
  return lines.toSorted();
}
