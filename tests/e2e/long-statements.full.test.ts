import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const MiB = 1024 * 1024;

async function writeScript(path: string, start: string, megabytes: number, end: string): Promise<void> {
  const file = createWriteStream(path);
  file.write(start);
  const piece = Buffer.alloc(MiB, "x");
  for (let i = 0; i < megabytes; i++) if (!file.write(piece)) await once(file, "drain");
  file.end(end);
  await finished(file);
}

test("a statement of 300 MB runs; one that is longer than any can be is refused before anything is sent", async () => {
  await using folder = await withTemporaryFolder();
  await using target = await withDatabase(await sharedServer(18));
  const file = join(folder.path, "long.sql");
  const args = ["restore", "single", file, `--target=${target.name}`, `--url=${target.url}`];
  await writeScript(file, "CREATE TABLE t (a text);\nINSERT INTO t VALUES ('", 300, "');\n");
  expect(await dbbackup(args)).toMatchObject({ status: 0 });
  expect(await target.sql("SELECT length(a) AS n FROM t")).toEqual([{ n: `${300 * MiB}` }]);
  await writeScript(file, "CREATE TABLE u (a text);\nINSERT INTO u VALUES ('", 600, "');\n");
  expect(await dbbackup(args)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/the statement on line 2 of the script is longer than \d+ bytes/),
  });
  expect(await target.sql("SELECT 1 FROM pg_class WHERE relname = 'u'")).toEqual([]);
});
