import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

/** Takes the zoo of one server version through archives in directory and tar format, ours and stock. */
export function describeArchiveFormats(major: PostgresMajor): void {
  const tools = stockFor(major);
  const isOwn = tools.major === major;

  describe(`directory and tar archives of PostgreSQL ${major}`, () => {
    let server: ServerAddress;
    let zoo: TestDatabase;
    let folder: { readonly path: string } & AsyncDisposable;
    let source: DatabaseContents;

    beforeAll(async () => {
      server = await sharedServer(major);
      zoo = await loadZoo(server);
      folder = await withTemporaryFolder();
      source = await databaseContents(server, zoo.name, zooTolerance);
    });
    afterAll(async () => {
      await zoo?.drop();
      await folder?.[Symbol.asyncDispose]();
    });

    /** Fills an empty database by `fill` and expects it to be the zoo. */
    async function expectZoo(fill: (target: TestDatabase) => Promise<unknown>): Promise<void> {
      await using target = await withDatabase(server);
      await fill(target);
      expect(await databaseContents(server, target.name, zooTolerance)).toEqual(source);
    }

    async function stockArchive(format: "directory" | "tar", ...more: string[]): Promise<string> {
      const path = join(folder.path, ["stock", format, ...more].join("-").replaceAll("=", ""));
      await tools.must("pg_dump", [`--format=${format}`, ...more, `--file=${path}`, zoo.url]);
      return path;
    }

    test.runIf(isOwn).each(["directory", "tar"] as const)("we restore a %s of stock pg_dump", async (format) => {
      const archive = await stockArchive(format);
      await expectZoo((target) => restore(archive, target));
    });

    test("we decode every compression of stock directories, and tars, and list them as pg_restore does", async () => {
      const methods = tools.major >= 16 ? ["gzip", "zstd", "lz4", "none"] : ["0", "6"];
      const archives = await Promise.all([
        stockArchive("tar"),
        ...methods.map((method) => stockArchive("directory", `--compress=${method}`)),
      ]);
      const { stdout } = await mustDbbackup(["verify", ...archives, "--json"]);
      const tables = await zoo.sql("SELECT 1 FROM pg_class WHERE relkind = 'r' AND oid >= 16384");
      for (const result of JSON.parse(stdout.toString())) {
        expect(result).toMatchObject({
          status: "ok",
          large_objects: { count: Object.keys(source.largeObjects).length },
        });
        expect(result.objects.length).toBeGreaterThan(tables.length / 2);
      }
      for (const archive of archives.slice(0, 2)) {
        const ours = await mustDbbackup(["restore", "single", archive, "--create", "--list"]);
        const theirs = await tools.must("pg_restore", ["--create", "--list", archive]);
        expect(listed(ours.stdout)).toEqual(listed(theirs.stdout));
      }
    });
  });
}

function restore(backup: string, target: TestDatabase): Promise<unknown> {
  return mustDbbackup(["restore", "single", backup, "--target", target.name, "--url", target.url]);
}

/** A listing without the time stamp, which a machine's time zone decides, and the compression: a level before 16. */
function listed(listing: Buffer): string[] {
  return listing
    .toString("latin1")
    .trimEnd()
    .split("\n")
    .filter((line) => !/^; (Archive created at| +Compression:) /.test(line));
}
