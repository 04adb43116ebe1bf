import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo, loadZooGlobals } from "../helpers/load-zoo.ts";
import { runParity } from "../helpers/run-parity.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type StockMajor, stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";
import { toolsFolder } from "../helpers/tools-folder.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

const formats = ["custom", "directory", "tar", "plain"] as const;

describe.each([10, 13, 15, 17, 18] as const)("PostgreSQL %i", (major) => {
  test("both engines make the same of the zoo in all formats", async () => {
    await using zoo = await loadZoo(await sharedServer(major));
    const { status, differences } = await runParity(zoo, await toolsFolder(18), formats);
    expect(differences).toEqual([]);
    expect(status).toBe(0);
  });

  test.each(formats)("each engine restores what the other backed up: %s", async (format) => {
    const server = await sharedServer(major);
    await loadZooGlobals(server);
    await using zoo = await loadZoo(server);
    await using folder = await withTemporaryFolder();
    const source = await databaseContents(server, zoo.name, zooTolerance);
    const tools: StockMajor = stockFor(major).major;
    const engine = ["--engine", "tools", "--tools-path", await toolsFolder(tools)];
    // What pg_dump writes is for servers of its own version: older ones take not all of it.
    const ways = tools === major ? [{ making: engine, restoring: [] }] : [];
    for (const { making, restoring } of [...ways, { making: [], restoring: engine }]) {
      await using target = await withDatabase(server);
      const file = join(folder.path, `${making.length}.${format}`);
      await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, "-F", format, "-f", file, ...making]);
      await mustDbbackup(["verify", file]);
      const into = ["--target", target.name, "--url", target.url];
      await mustDbbackup(["restore", "single", file, ...into, ...restoring, "--on-error", "stop"]);
      expect(await databaseContents(server, target.name, zooTolerance)).toEqual(source);
    }
  });
});
