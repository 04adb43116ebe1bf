import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { measured } from "../helpers/measured.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const MiB = 1024 * 1024;
/** What a restore takes at most, however long statements are. */
const memoryLimit = 192 * MiB;

let folder: { readonly path: string } & AsyncDisposable;
let target: TestDatabase;

beforeAll(async () => {
  folder = await withTemporaryFolder();
  target = await withDatabase(await sharedServer(18));
});

afterAll(async () => {
  await target.drop();
  await folder[Symbol.asyncDispose]();
});

/** @param parts text, or numbers: so many MiB of letters */
async function writeScript(name: string, ...parts: readonly (string | number)[]): Promise<string> {
  const path = join(folder.path, name);
  const file = createWriteStream(path);
  const piece = Buffer.alloc(MiB, "x");
  for (const part of parts) {
    if (typeof part === "string") file.write(part);
    else for (let i = 0; i < part; i++) if (!file.write(piece)) await once(file, "drain");
  }
  file.end();
  await finished(file);
  return path;
}

function restoring(script: string): string[] {
  return ["restore", "single", script, `--target=${target.name}`, `--url=${target.url}`, "--confirm"];
}

test("a statement of 600 MB runs from a file", async () => {
  const rows = [280, "'), ('", 320] as const;
  const script = await writeScript("long.sql", "CREATE TABLE t (a text);\nINSERT INTO t VALUES ('", ...rows, "');\n");
  const { peak } = await measured(restoring(script));
  expect(peak).toBeLessThan(memoryLimit);
  const lengths = await target.sql("SELECT length(a)::text AS n FROM t");
  expect(lengths).toEqual([{ n: `${280 * MiB}` }, { n: `${320 * MiB}` }]);
});

test("one that is longer than any server takes is refused before anything is sent", async () => {
  const script = await writeScript("longer.sql", "CREATE TABLE u (a text);\nINSERT INTO u VALUES ('", 1030, "');\n");
  expect(await dbbackup(restoring(script))).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/the statement on line 2 of the script is longer than 1073741817 bytes/),
  });
  expect(await target.sql("SELECT 1 FROM pg_class WHERE relname = 'u'")).toEqual([]);
});
