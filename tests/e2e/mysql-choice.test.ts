import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-choice-"));
  const script = "CREATE TABLE t (a INT);\nINSERT INTO `t` VALUES (1),(2);\n";
  const dump = `-- MariaDB dump 10.19\n\n${script}-- Dump completed on 2026-01-01  0:00:00\n`;
  writeFileSync(file("plain.sql"), script);
  writeFileSync(file("dump.sql"), dump);
  writeFileSync(file("dump.sql.gz"), gzipSync(dump));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function json(...args: readonly string[]) {
  const { status, stdout } = await dbbackup([...args, "--json"]);
  return { status, document: JSON.parse(stdout.toString()) };
}

test("verify asks the backup what it is, and the command line where the backup does not tell", async () => {
  for (const args of [["dump.sql"], ["dump.sql.gz"], ["plain.sql", "--db-type", "mariadb"]]) {
    const { status, document } = await json("verify", file(args[0]!), ...args.slice(1));
    expect(status).toBe(0);
    expect(document[0].objects).toEqual([expect.objectContaining({ name: "t", rows: 2 })]);
  }
});

test("a backup is not restored into a server of another kind", async () => {
  const into = ["restore", "single", file("dump.sql.gz"), "--target", "t"];
  const { status, document } = await json(...into, "--url", "postgres://nobody@127.0.0.1:1/t");
  expect(status).toBe(2);
  expect(document.error.message).toBe("the backup is one of MySQL and MariaDB, and cannot be restored into PostgreSQL");
});

test("nor tried in a server of another kind, also without metadata that says what it is", async () => {
  const { status, stdout, stderr } = await dbbackup([
    "verify",
    "--restore",
    file("dump.sql"),
    "--server=postgres://nobody@127.0.0.1:1/t",
  ]);
  expect(status).toBe(2);
  expect(`${stdout}${stderr}`).toContain(
    "the backup is one of MySQL and MariaDB, and cannot be verified on PostgreSQL",
  );
});
