import { join } from "node:path";
import { expect, test } from "vitest";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { loadRelations } from "../helpers/load-relations.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

test.each([10, 18] as const)("rare relations of PostgreSQL %i are the same after a restore", async (major) => {
  const server = await sharedServer(major);
  await using source = await withDatabase(server);
  await using target = await withDatabase(server);
  await using folder = await withTemporaryFolder();
  const archive = join(folder.path, "relations.dump");
  await loadRelations(source);
  await mustDbbackup(["backup", "single", source.name, "--url", source.url, "--output", archive]);
  await mustDbbackup(["restore", "single", archive, "--url", target.url, "--target", target.name, "--confirm"]);
  expect(await stockScript(target)).toBe(await stockScript(source));
});

async function stockScript(database: TestDatabase): Promise<string> {
  const { stdout } = await stock(18).must("pg_dump", ["--restrict-key=relations", database.url]);
  return stdout.toString("latin1");
}
