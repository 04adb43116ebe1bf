import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadZoo } from "../helpers/load-zoo.ts";
import { runParity } from "../helpers/run-parity.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";
import { toolsFolder } from "../helpers/tools-folder.ts";

test("both engines make the same of the zoo, but for what docs/postgres.md names", async () => {
  await using zoo = await loadZoo(await sharedServer(18));
  const report = await runParity(zoo, await toolsFolder(18), ["custom", "plain"]);
  expect(report.differences).toEqual([]);
  expect(report).toMatchObject({ status: 0, formats: ["custom", "plain"] });
});

test("what one engine lacks is found and named: an entry, a word, rows, large objects", async () => {
  await using database = await withDatabase(await sharedServer(18));
  await using place = await withTemporaryFolder();
  await database.sql(`CREATE TABLE kept (a int); INSERT INTO kept VALUES (1); COMMENT ON TABLE kept IS 'x';
    CREATE TABLE emptied (a int); INSERT INTO emptied VALUES (1), (2); SELECT lo_from_bytea(4711, 'x');
    CREATE TABLE stored (t text STORAGE EXTERNAL COMPRESSION pglz)`);
  const real = await stock(18).path("pg_dump");
  const lacking = "--no-comments --exclude-table-data=emptied --no-large-objects --no-toast-compression";
  const script = `#!/bin/sh\n[ "$*" = --version ] && exec ${real} --version\nexec ${real} "$@" ${lacking}\n`;
  await writeFile(join(place.path, "pg_dump"), script, { mode: 0o755 });
  const { status, differences } = await runParity(database, place.path, ["directory", "plain"]);
  expect(status).toBe(1);
  const found = differences.map(({ format, kind, object }) => `${format} ${kind} ${object}`);
  expect(found).toEqual(
    expect.arrayContaining([
      "directory entry COMMENT public TABLE kept",
      "directory entry TABLE DATA public emptied",
      "directory entry TABLE public stored",
      "directory rows public emptied",
      "directory large-object 4711",
      "plain rows COPY public.emptied (a) FROM stdin;",
      expect.stringMatching(/^plain text -- Name: stored; Type: TABLE; Schema: public; /),
    ]),
  );
  const stored = differences.find(({ format, object }) => format === "plain" && object.includes("Name: stored;"));
  expect(stored?.native).toMatch(/pglz/);
});
