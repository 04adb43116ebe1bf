import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/first-backup.md"), "utf8");
const examples = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split("\n"));

/** What is relative to the folder that a command is started in is found there. */
function inFolder(path: string): Disposable {
  const before = process.cwd();
  process.chdir(path);
  return { [Symbol.dispose]: () => process.chdir(before) };
}

test("the examples of docs/first-backup.md do what they say, in their order", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await using copy = await withDatabase(database.server);
  await copy.drop();
  await database.sql("CREATE TABLE item AS SELECT i AS id FROM generate_series(1, 1000) i");
  const { port } = database.server;
  using _ = inFolder(folder.path);
  mkdirSync(join(folder.path, "second"));
  const run = async (line: string) => {
    const words = line
      .replace(/ > .*/, "")
      .replaceAll(/\bshop_copy\b/g, copy.name)
      .replaceAll(/(single |init |latest:|\/\/\/)shop\b/g, `$1${database.name}`)
      .replace("/mnt/second", join(folder.path, "second"))
      .split(" ")
      .slice(1);
    // A proof takes them out of its process.
    using __ = withVariables({ HOME: folder.path, PGHOST: "127.0.0.1", PGPORT: `${port}`, PGUSER: "postgres" });
    return await dbbackupHere(words);
  };
  expect(examples[0]).toBe("dbbackup init");
  expect(await run(examples[0]!)).toMatchObject({ status: 2, stderr: expect.stringContaining("no terminal") });
  for (const line of examples.slice(1)) {
    const { status, stderr } = await run(line);
    expect([line, status, stderr]).toEqual([line, 0, expect.any(String)]);
  }
  expect(readdirSync(folder.path).toSorted()).toEqual(
    expect.arrayContaining(["backups", "dbbackup.key", "dbbackup.toml", "second"]),
  );
  expect(examples.length).toBeGreaterThan(12);
});
