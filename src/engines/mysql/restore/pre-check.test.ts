import { expect, test } from "vitest";
import { codec } from "../../../../tests/helpers/codec.ts";
import { memoryObject } from "../../../../tests/helpers/memory-object.ts";
import { withMysqlDatabase } from "../../../../tests/helpers/mysql-database.ts";
import { type MysqlAddress, mysqlSql, startMysql } from "../../../../tests/helpers/mysql-server.ts";
import { sharedMysql } from "../../../../tests/helpers/mysql-shared-servers.ts";
import { keptEvents, mysqlRestoreRequest, never } from "../../../../tests/helpers/restore-request.ts";
import type { Finding, RestoreRequest } from "../../../ports/restore.ts";
import { createMysqlRestorer } from "../mysql-restorer.ts";

async function findingsOf(
  script: string,
  server: MysqlAddress,
  more: Partial<RestoreRequest> = {},
): Promise<readonly Finding[]> {
  await using database = await withMysqlDatabase(server);
  const backup = await createMysqlRestorer({ codec }).open(
    { kind: "object", object: memoryObject(Buffer.from(script)) },
    {},
  );
  return await backup.preCheck(mysqlRestoreRequest(server, database.name, more), never);
}

const collated =
  "CREATE TABLE t (a TEXT COLLATE utf8mb4_0900_ai_ci COMMENT 'COLLATE nonsense', PRIMARY KEY (a(9))) ENGINE=InnoDB;\n";

test("collations are missed where the server does not know them", async () => {
  expect(await findingsOf(collated, await sharedMysql("mysql-9.7"))).toEqual([]);
  for (const flavour of ["mariadb-10.5", "mysql-5.6"] as const) {
    expect(await findingsOf(collated, await sharedMysql(flavour))).toMatchObject([
      { code: "missing-collation", severity: "error", subject: "utf8mb4_0900_ai_ci" },
    ]);
  }
  // It takes that name for one of its own.
  expect(await findingsOf(collated, await sharedMysql("mariadb-11.8"))).toEqual([]);
  const server = await sharedMysql("mariadb-10.5");
  expect(await findingsOf(collated, server, { onError: "continue" })).toMatchObject([{ severity: "warning" }]);
});

test("engines and definers that are not there are warned of", async () => {
  const server = await sharedMysql("mariadb-10.11");
  const script =
    "CREATE TABLE t (a INT) ENGINE=NOSUCH;\n/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`no``body`@`no.where` SQL SECURITY DEFINER */\n/*!50001 VIEW v AS SELECT 1 */;\n";
  expect(await findingsOf(script, server)).toMatchObject([
    { code: "missing-engine", severity: "warning", subject: "NOSUCH" },
    { code: "missing-role", severity: "warning", subject: "no`body@no.where" },
  ]);
});

test("a dump of the other flavour, or of a newer server, is told", async () => {
  const [mysql, mariadb] = [await sharedMysql("mysql-9.7"), await sharedMysql("mariadb-10.5")];
  expect(await findingsOf(dumpOf("9.7.4"), mysql)).toEqual([]);
  expect(await findingsOf(dumpOf("26.7.0"), mysql)).toMatchObject([{ code: "older-server", severity: "warning" }]);
  expect(await findingsOf(dumpOf("9.7.4"), mariadb)).toMatchObject([{ code: "other-flavour", severity: "warning" }]);
  expect(await findingsOf(dumpOf("10.11.6-MariaDB"), mariadb)).toMatchObject([{ code: "older-server" }]);
  expect(await findingsOf(dumpOf("10.5.1-MariaDB-log"), mariadb)).toEqual([]);
});

test("who may not define objects for others is told before anything is done", async () => {
  const server = await sharedMysql("mysql-9.7");
  await using database = await withMysqlDatabase(server);
  const user = `few_${database.name}`;
  await mysqlSql(server, `CREATE USER ${user} IDENTIFIED BY ''`);
  await using _ = { [Symbol.asyncDispose]: async () => void (await mysqlSql(server, `DROP USER ${user}`)) };
  await mysqlSql(server, `GRANT ALL ON ${database.name}.* TO ${user}`);
  const script = "CREATE DEFINER=`root`@`localhost` VIEW v AS SELECT 1;\n";
  const engine = createMysqlRestorer({ codec });
  const backup = await engine.open({ kind: "object", object: memoryObject(Buffer.from(script)) }, {});
  const connection = { socket: server.socket, user, dbType: "mysql" } as const;
  const request = mysqlRestoreRequest(server, database.name, { connection });
  expect(await backup.preCheck(request, never)).toMatchObject([{ code: "not-superuser", severity: "error" }]);
  // The server would have said so, too.
  await expect(backup.run(request, keptEvents(), never)).rejects.toMatchObject({
    message: expect.stringMatching(/^restoring line 1 of the script failed: error 1227 .*is incomplete$/),
  });
});

test("what the settings of the server refuse is said before, and is so", async () => {
  await using server = await startMysql({ flavour: "mariadb-10.11", settings: ["max-allowed-packet=1M"] });
  await using database = await withMysqlDatabase(server);
  const script = [
    "CREATE TABLE t (a LONGTEXT);",
    `INSERT INTO t VALUES ('${"x".repeat(2_000_000)}');`,
    `INSERT INTO t VALUES ('${"x".repeat(9_000_000)}');`,
    "CREATE FUNCTION f() RETURNS INT RETURN 1;",
    "INSERT INTO t VALUES ('small');",
  ];
  const engine = createMysqlRestorer({ codec });
  const open = (lines: readonly string[]) =>
    engine.open({ kind: "object", object: memoryObject(Buffer.from(lines.join("\n"))) }, {});
  const request = mysqlRestoreRequest(server, database.name, { onError: "continue" });
  expect(await (await open(script)).preCheck({ ...request, onError: "stop" }, never)).toMatchObject([
    {
      code: "large-statement",
      severity: "error",
      message: expect.stringContaining(`line 3, rows of table "t", has 9000025 bytes`),
    },
    { code: "server-setting", severity: "error", subject: "log_bin_trust_function_creators" },
  ]);
  const result = await (await open(script)).run(request, keptEvents(), never);
  expect(result.failures).toMatchObject([
    { object: "line 2", message: expect.stringContaining("max_allowed_packet") },
    { object: "line 3", message: expect.stringContaining("max_allowed_packet") },
    { object: "line 4", message: expect.stringContaining("error 1418") },
  ]);
  expect(result).toMatchObject({ done: 2, failed: 3, rows: 1 });
});

test("what needs trust is listed, and refused when it has none", async () => {
  const server = await sharedMysql("mariadb-10.11");
  const script =
    "CREATE TABLE t (a INT);\nINSERT INTO t VALUES (1);\nSET GLOBAL general_log = 1;\nSELECT 1 INTO OUTFILE '/tmp/x';\n";
  const untrusted = await findingsOf(script, server, { untrusted: true });
  expect(untrusted.map(({ code, message }) => [code, message])).toEqual([
    ["needs-trust", "line 3 (SET GLOBAL general_log = 1) changes settings of the server"],
    ["needs-trust", "line 4 (SELECT 1 INTO OUTFILE '/tmp/x') writes files of the server"],
  ]);
  expect(await findingsOf(script, server)).toEqual([]);
});

function dumpOf(version: string): string {
  const head =
    "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n-- Host: localhost    Database: x\n-- ------\n";
  return `${head}-- Server version\t${version}\nSELECT 1;\n-- Dump completed on 2026-11-22\n`;
}
