import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { codec } from "../helpers/codec.ts";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { keptEvents, never, restoreRequest } from "../helpers/restore-request.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

/** The smallest that users can ask for. */
const smallest = ["--jobs=4", "--split-larger-than=8192"];

/**
 * Takes the zoo through backup and restore over four sessions as if every table were large: read in parts, loaded by all
 * sessions, its constraints made in two steps.
 */
export function describeForcedParts(major: PostgresMajor, formats: readonly ("directory" | "tar" | "plain")[]): void {
  describe(`PostgreSQL ${major}, every table as if it were large`, () => {
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

    async function backup(format: string): Promise<string> {
      const path = join(folder.path, format);
      const how = [`--format=${format}`, `--output=${path}`, ...smallest];
      await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, ...how]);
      return path;
    }

    async function expectZoo(fill: (target: TestDatabase) => Promise<unknown>): Promise<void> {
      await using target = await withDatabase(server);
      await fill(target);
      expect(await databaseContents(server, target.name, zooTolerance)).toEqual(source);
    }

    /** With parts smaller than users can ask for: of any size. One session fills each table into storage of its own. */
    async function restoreInParts(archive: string, target: TestDatabase, jobs = 4): Promise<void> {
      const restorer = createPostgresRestorer({ codec, openSpool: openTemporarySpool });
      const object = memoryObject(await readFile(archive));
      const opened = await restorer.open({ kind: "object", object }, {});
      const how = { jobs: { count: jobs, isAsked: true }, splitLargerThan: 0, untrusted: true };
      const result = await opened.run(restoreRequest(server, target.name, how), keptEvents(), never);
      expect(result).toMatchObject({ failed: 0, warnings: [] });
    }

    test("an archive of ours in custom format", async () => {
      const archive = await backup("custom");
      await expectZoo((target) => restoreInParts(archive, target));
      await expectZoo((target) => restoreInParts(archive, target, 1));
    });

    test.runIf(stockFor(major).major === major)("an archive of stock pg_dump", async () => {
      const archive = join(folder.path, "stock");
      await stockFor(major).must("pg_dump", ["-Fc", `--file=${archive}`, zoo.url]);
      await expectZoo((target) => restoreInParts(archive, target));
    });

    test.each(formats)("a backup in %s format", async (format) => {
      const archive = await backup(format);
      const how = format === "plain" ? [] : smallest;
      await expectZoo((target) =>
        mustDbbackup(["restore", "single", archive, "--target", target.name, "--url", target.url, ...how]),
      );
    });
  });
}
