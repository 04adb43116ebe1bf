import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withMysqlShop } from "../helpers/mysql-shop.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;
const file = (...names: readonly string[]): string => join(folder, ...names);
const [oldKey, newKey] = [() => ["--key-file", file("a")], () => ["--key-file", file("b")]];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-re-encrypt-"));
  database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT i AS id, 'Ypsilon ' || i AS what FROM generate_series(1, 3000) i");
  for (const name of ["a", "b"]) newKeyFile(file(name));
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function json(args: readonly string[]) {
  return JSON.parse((await mustDbbackup([...args, "--json"])).stdout.toString());
}

const again = (repo: string) => [
  "keys",
  "rotate",
  "--re-encrypt",
  "--all",
  "--repo",
  repo,
  ...oldKey(),
  "--new-key-file",
  file("b"),
];
const files = (repo: string) => readdirSync(repo, { recursive: true, encoding: "utf8" }).toSorted();

test("a repository is encrypted again: other data keys, the same contents, and the old ones go when they are told to", async () => {
  const repo = file("all");
  const login = ["--url", database.url, "--repo", repo, "--encrypt", ...oldKey()];
  const made = [
    await json(["backup", "single", database.name, ...login]),
    await json(["backup", "single", database.name, ...login, "--format", "plain", "--compression", "gzip"]),
    await json(["backup", "single", database.name, ...login, "--format", "directory"]),
    await json(["backup", "cluster", ...login, "--database", database.name]),
    await json(["backup", "cluster", ...login, "--database", database.name, "--format", "directory"]),
  ];
  const before = new Map(
    files(repo)
      .filter((name) => name.includes("."))
      .flatMap((name) => {
        try {
          return [[name, readFileSync(join(repo, name)).toString("base64")] as const];
        } catch {
          return [];
        }
      }),
  );
  const outcomes = await json(again(repo));
  expect(outcomes.map(({ status, removed }: { status: string; removed: boolean }) => [status, removed])).toEqual(
    made.map(() => ["ok", false]),
  );
  for (const [name, bytes] of before) expect(readFileSync(join(repo, name)).toString("base64"), name).toBe(bytes);
  const renewed: string[] = outcomes.map((outcome: { re_encrypted_as: string }) => outcome.re_encrypted_as);
  for (const id of renewed) expect((await dbbackup(["verify", id, "--repo", repo, ...oldKey()])).status).toBe(1);
  const verify = ["verify", ...renewed, "--repo", repo, ...newKey()];
  expect((await json(verify)).map(({ status }: { status: string }) => status)).toEqual(made.map(() => "ok"));
  for (const id of renewed.slice(2)) {
    expect(await json(["show", id, "--repo", repo, ...newKey()])).toMatchObject({
      id,
      re_encrypted: { from: expect.any(String) },
    });
  }
  // Again: nothing is made twice, and now the old ones are to go.
  const removed = await json([...again(repo), "--remove-old"]);
  expect(removed.filter((one: { removed: boolean }) => one.removed)).toHaveLength(5);
  expect(await json(["list", "--repo", repo])).toHaveLength(5);
  const left = files(repo);
  expect([...before.keys()].filter((name) => left.includes(name))).toEqual([]);
  await mustDbbackup(verify);
  // The last two are clusters.
  for (const id of renewed.slice(0, 3)) {
    await using copy = await withDatabase(database.server);
    await mustDbbackup([
      "restore",
      "single",
      id,
      "--repo",
      repo,
      "--url",
      copy.url,
      "--target",
      copy.name,
      ...newKey(),
    ]);
    expect(await copy.sql("SELECT count(*), max(what) FROM t")).toEqual(
      await database.sql("SELECT count(*), max(what) FROM t"),
    );
  }
});

test("a backup that is damaged is not encrypted again, and a new one that cannot be read removes none", async () => {
  const repo = file("damaged");
  const { id, backup_file: name } = await json([
    "backup",
    "single",
    database.name,
    "--url",
    database.url,
    "--repo",
    repo,
    "--encrypt",
    ...oldKey(),
  ]);
  const { recipient } = await json(["keys", "generate", "--type", "x25519", "--output", file("x25519")]);
  const rotate = ["keys", "rotate", id, "--re-encrypt", "--repo", repo, ...oldKey()];
  expect((await dbbackup([...rotate, "--new-recipient", recipient, "--remove-old"])).status).toBe(2);
  const stored = readFileSync(join(repo, name));
  stored[1000]! ^= 1;
  writeFileSync(join(repo, name), stored);
  const before = files(repo);
  expect((await dbbackup([...rotate, "--new-key-file", file("b"), "--remove-old"])).status).toBe(1);
  expect(files(repo)).toEqual(before);
});

test("a directory of MariaDB is encrypted again, signed, for a key that only writes", async () => {
  await using shop = await withMysqlShop(await sharedMysql("mariadb-10.11"));
  await using copy = await withMysqlDatabase(shop.server);
  const repo = file("mariadb");
  const { recipient } = await json(["keys", "generate", "--type", "x25519", "--output", file("restore.key")]);
  const { verify_key: writer } = await json(["keys", "generate", "--type", "ed25519", "--output", file("writer.key")]);
  const what = [
    "backup",
    "single",
    shop.name,
    "--url",
    shop.url,
    "--format",
    "directory",
    "--repo",
    repo,
    "--encrypt",
    ...oldKey(),
  ];
  const { id } = await json(what);
  const rotate = ["keys", "rotate", id, "--re-encrypt", "--repo", repo, ...oldKey(), "--new-recipient", recipient];
  const [made] = await json([...rotate, "--sign-key", file("writer.key")]);
  const reading = ["--repo", repo, "--key-file", file("restore.key"), "--verify-key", writer];
  await mustDbbackup(["verify", made.re_encrypted_as, ...reading]);
  await mustDbbackup(["restore", "single", made.re_encrypted_as, "--url", shop.url, "--target", copy.name, ...reading]);
  expect((await dbbackup(["compare", shop.url, copy.url])).status).toBe(0);
});
