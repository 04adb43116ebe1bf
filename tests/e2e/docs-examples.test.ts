import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

/** Commands of a page's examples, as they stand there. */
function examplesOf(page: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
  return [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split("\n"));
}

/** Words of a command line as a shell takes them: no more of its rules are in the examples. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain!,
  );
}

function inFolder(path: string): Disposable {
  const before = process.cwd();
  process.chdir(path);
  return { [Symbol.dispose]: () => process.chdir(before) };
}

test("the examples of docs/retention.md, verification.md and status.md do what they say", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE item AS SELECT i AS id FROM generate_series(1, 1000) i");
  using _ = inFolder(folder.path);
  for (const name of ["var", "backups"]) mkdirSync(join(folder.path, name));
  const run = async (line: string) => {
    const words = wordsOf(
      line.replace("/var/backups", join(folder.path, "var")).replaceAll(/\bshop\b/g, database.name),
    );
    // A proof takes them out of its process.
    using __ = withVariables({
      HOME: folder.path,
      PGHOST: "127.0.0.1",
      PGPORT: `${database.server.port}`,
      PGUSER: "postgres",
    });
    return await dbbackupHere([...words.slice(1), "--catalogue", join(folder.path, "catalogue.sqlite")]);
  };
  expect((await run("dbbackup backup single shop --repo /var/backups")).status).toBe(0);
  const examples = ["retention.md", "verification.md", "status.md"].map(examplesOf);
  expect(examples.map(({ length }) => length)).toEqual([7, 3, 2]);
  const said = new Map<string, string>();
  for (const line of examples.flat()) {
    const { status, stdout, stderr } = await run(line);
    expect([line, status, stderr]).toEqual([line, 0, expect.any(String)]);
    said.set(line, stdout.toString());
  }
  const saidOf = (words: string) => [...said].find(([line]) => line.includes(words))![1];
  expect(saidOf("cleanup --repo /var/backups --retention-days")).toContain(database.name);
  expect(saidOf("list --tag release")).toContain(database.name);
  expect(saidOf("verify --restore --older-than")).toContain("ok");
  expect(saidOf("dbbackup status")).toContain("protected");
  expect(existsSync(join(folder.path, "catalogue.sqlite"))).toBe(true);
});

test("the examples of docs/catalogue.md do what they say", async () => {
  await using folder = await withTemporaryFolder();
  const repository = join(folder.path, "repository");
  mkdirSync(repository);
  for (const database of ["shop", "blog"]) plantBackup(repository, database, 1);
  const run = async (line: string) => {
    const words = wordsOf(line.replace("/var/backups", repository)).slice(1);
    return await dbbackupHere([...words, "--config", "none", "--catalogue", join(folder.path, "catalogue.sqlite")]);
  };
  expect((await run("dbbackup hold latest:shop --repo /var/backups")).status).toBe(0);
  expect((await run("dbbackup verify latest:shop --repo /var/backups/nowhere")).status).toBe(1);
  const said: string[] = [];
  for (const line of examplesOf("catalogue.md")) {
    const { status, stdout, stderr } = await run(line);
    expect([line, status, stderr]).toEqual([line, 0, expect.any(String)]);
    said.push(stdout.toString());
  }
  expect(said).toEqual([
    expect.stringMatching(/ hold +shop +done /),
    expect.stringMatching(/ verify .* failed /),
    expect.stringContaining("2 backups"),
    expect.stringMatching(/ (shop|blog) .*\n.* (shop|blog) /),
  ]);
  expect(said[1]).not.toContain("hold");
});
