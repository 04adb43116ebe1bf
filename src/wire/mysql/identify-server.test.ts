import { describe, expect, test } from "vitest";
import { withMysqlDatabase } from "../../../tests/helpers/mysql-database.ts";
import { mysqlFlavours } from "../../../tests/helpers/mysql-packages.ts";
import { rootSpec } from "../../../tests/helpers/mysql-server.ts";
import { sharedMysql } from "../../../tests/helpers/mysql-shared-servers.ts";
import { MysqlConnection } from "./connection.ts";
import { identifyMysql, versionNumber } from "./identify-server.ts";
import { mysqlLookAlikes, mysqlProxies } from "./look-alikes.ts";
import { mysqlCapabilitiesOf } from "./server-capabilities.ts";

/** What a server without answers of its own would tell. */
const noProbes = { variables: new Map<string, string>(), binlogSnapshotStatus: false, hasMd5: true };

describe.each(mysqlFlavours)("%s", (name) => {
  test("is known by flavour and version, and what it is said to do it does", async () => {
    const server = await sharedMysql(name);
    await using database = await withMysqlDatabase(server);
    await using connection = await MysqlConnection.connect(rootSpec(server, database.name));
    const facts = await identifyMysql(connection);
    const [flavour, version] = name.split("-") as [string, string];
    const [major, minor] = version.split(".").map(Number) as [number, number];
    expect(facts).toMatchObject({ flavour, isNewerThanKnown: false });
    expect(Math.floor(facts.version / 100)).toBe(major * 100 + minor);
    expect(facts.variables.get("version")).toBe(facts.versionText);
    await expectTrue(connection, facts.capabilities);
  });
});

/** Statements that work where a capability is there, and fail where it is not. */
const proofs: Readonly<Record<string, string>> = {
  backupStages: "BACKUP UNLOCK",
  instanceBackupLock: "UNLOCK INSTANCE",
  sequences: "CREATE SEQUENCE s",
  packages: "SHOW PACKAGE STATUS",
  applicationPeriods: "CREATE TABLE p (a DATE, b DATE, PERIOD FOR p (a, b))",
  libraries: "SHOW LIBRARY STATUS",
  dualityViews: "SELECT 1 FROM information_schema.JSON_DUALITY_VIEWS LIMIT 1",
  roles: "SET ROLE NONE",
  generatedColumns: "CREATE TABLE g (a INT, b INT AS (a + 1))",
  invisibleColumns: "CREATE TABLE i (a INT, b INT INVISIBLE)",
  expressionDefaults: "CREATE TABLE d (a VARCHAR(40) DEFAULT (UPPER('a')))",
  expressionsInIndexes: "SELECT EXPRESSION FROM information_schema.STATISTICS LIMIT 1",
  checkConstraints: "SELECT 1 FROM information_schema.CHECK_CONSTRAINTS LIMIT 1",
  histograms: "SELECT 1 FROM information_schema.COLUMN_STATISTICS LIMIT 1",
  geometrySrid: "SELECT SRS_ID FROM information_schema.COLUMNS LIMIT 1",
  vector: "CREATE TABLE v (a VECTOR(3))",
  networkTypes: "CREATE TABLE n (a INET6)",
  binaryJson: "SELECT JSON_TYPE(CAST('1' AS JSON))",
  logStatusTable: "SELECT 1 FROM performance_schema.log_status",
  sharedCollations: "SELECT 'a' COLLATE uca1400_ai_ci",
  hasMd5: "SELECT MD5('')",
  components: "SELECT 1 FROM mysql.component LIMIT 1",
  resourceGroups: "SELECT 1 FROM information_schema.RESOURCE_GROUPS LIMIT 1",
  generalTablespaces: "SELECT 1 FROM information_schema.INNODB_TABLESPACES_BRIEF LIMIT 1",
  readOnlyDatabases: "SELECT 1 FROM information_schema.SCHEMATA_EXTENSIONS LIMIT 1",
  persistentStatistics: "SELECT 1 FROM mysql.column_stats LIMIT 1",
  recursionIntoJson:
    "SELECT (WITH RECURSIVE n AS (SELECT o.c AS v UNION ALL SELECT k.v FROM n, JSON_TABLE(n.v, '$[*]' COLUMNS(v JSON PATH '$')) k) SELECT COUNT(*) FROM n) FROM (SELECT JSON_ARRAY(1) AS c) o",
  showCreateUser: "SHOW CREATE USER CURRENT_USER()",
  insertsHistory: "SET system_versioning_insert_history = 0",
  generatedInvisiblePrimaryKeys: "SET show_gipk_in_create_table_and_information_schema = 1",
};

async function expectTrue(connection: MysqlConnection, capabilities: object): Promise<void> {
  const seen: Record<string, boolean> = {};
  for (const [name, statement] of Object.entries(proofs)) {
    seen[name] = await connection.query(statement).then(
      () => true,
      () => false,
    );
  }
  expect(seen).toEqual(
    Object.fromEntries(Object.keys(proofs).map((name) => [name, (capabilities as Record<string, unknown>)[name]])),
  );
  const { binaryLogStatusStatement, replicaStatusStatement } = capabilities as Record<string, string>;
  await connection.query(binaryLogStatusStatement!);
  await connection.query(replicaStatusStatement!);
}

test("the number is read from what each flavour says", () => {
  expect(versionNumber("8.4.0")).toBe(80_400);
  expect(versionNumber("5.6.24-log")).toBe(50_624);
  expect(versionNumber("5.5.5-10.11.6-MariaDB")).toBe(101_106);
  expect(versionNumber("5.5.5")).toBe(50_505);
  expect(versionNumber("26.7.0")).toBe(260_700);
  expect(versionNumber("unknown")).toBeUndefined();
});

test("MySQL's calendar versions are not taken for MariaDB's", () => {
  const mysql = mysqlCapabilitiesOf("mysql", 260_700, noProbes);
  expect(mysql).toMatchObject({ backupStages: false, sequences: false, packages: false, instanceBackupLock: true });
  expect(mysql.binaryLogStatusStatement).toBe("SHOW BINARY LOG STATUS");
});

test.each([
  ["TiDB", "8.0.11-TiDB-v7.5.1"],
  ["Vitess", "8.0.30-Vitess"],
  ["SingleStore", "5.7.32 SingleStoreDB source distribution (compatible; MySQL Enterprise & MySQL Commercial)"],
  ["OceanBase", "5.7.25-OceanBase-v4.2.1.0"],
  ["StarRocks", "5.1.0 StarRocks version 3.2"],
  ["ProxySQL", "8.0.11 (ProxySQL)"],
  ["MaxScale", "5.5.5-10.4.32 23.08.4-maxscale"],
])("%s is known by what it says", (name, text) => {
  expect([...mysqlLookAlikes, ...mysqlProxies].find(({ pattern }) => pattern.test(text))?.name).toBe(name);
});

test.each(["8.0.35-27 Percona Server (GPL), Release 27", "8.0.32-aurora 3.05.2 Source distribution"])(
  "%s is MySQL",
  (text) => {
    expect([...mysqlLookAlikes, ...mysqlProxies].find(({ pattern }) => pattern.test(text))).toBeUndefined();
  },
);
