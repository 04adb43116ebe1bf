import type { NotIncluded } from "../../../ports/dump.ts";
import type { MysqlConnection, Row } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import type { MysqlCapabilities } from "../../../wire/mysql/server-capabilities.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { quoteText } from "../quote.ts";

/** Names told of each kind. */
const maxExamples = 5;

interface Question {
  readonly kind: string;
  /** A query of one column `name`. @param database as a literal */
  readonly names: (database: string) => string;
  readonly hint: string;
  readonly isAsked?: (capabilities: MysqlCapabilities, dump: DumpScope) => boolean;
  /** It belongs to the server, not to the database. */
  readonly isOfServer?: boolean;
}

/** What a dump holds besides the objects of its database. */
export interface DumpScope {
  readonly columnStatistics: boolean;
}

/** What belongs to a server as a whole, and to no database. */
const ofServers: readonly Question[] = [
  {
    kind: "persisted-variables",
    names: () => "SELECT VARIABLE_NAME AS name FROM performance_schema.persisted_variables",
    hint: "repeat SET PERSIST on the target, where they fit it",
    isAsked: ({ persistedVariables }) => persistedVariables,
  },
  {
    kind: "time-zones",
    names: () => "SELECT Name AS name FROM mysql.time_zone_name",
    hint: "load them on the target (mysql_tzinfo_to_sql), where events or queries name zones",
  },
];

const systemSchemas = "'information_schema', 'performance_schema', 'mysql', 'sys', 'ndbinfo'";

const questions: readonly Question[] = [
  {
    kind: "users",
    // Their own accounts, roles and, before MariaDB 10.4 and MySQL 8, those without a name included.
    names: () =>
      "SELECT CONCAT(User, '@', Host) AS name FROM mysql.user WHERE User NOT IN ('mysql.infoschema', 'mysql.session', 'mysql.sys', 'mariadb.sys')",
    hint: "create accounts, roles and their rights on the target: SHOW CREATE USER and SHOW GRANTS tell them",
  },
  {
    kind: "databases",
    names: (database) =>
      `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (${systemSchemas}, ${database})`,
    hint: "back up each of them",
  },
  {
    // The server writes the option into definitions as a comment alone, and CREATE DATABASE refuses it.
    kind: "read-only-databases",
    names: (database) =>
      `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA_EXTENSIONS WHERE SCHEMA_NAME = ${database} AND OPTIONS LIKE '%READ ONLY=1%'`,
    hint: "a restored database can be written to: repeat ALTER DATABASE ... READ ONLY = 1 behind the restore",
    isAsked: ({ readOnlyDatabases }) => readOnlyDatabases,
  },
  {
    kind: "histograms",
    names: (database) =>
      `SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME = ${database}`,
    hint: "--column-statistics takes them",
    isAsked: ({ histograms }, { columnStatistics }) => histograms && !columnStatistics,
  },
  {
    kind: "column-statistics",
    names: (database) =>
      `SELECT CONCAT(table_name, '.', column_name) AS name FROM mysql.column_stats WHERE db_name = ${database}`,
    hint: "ANALYZE TABLE ... PERSISTENT FOR ALL collects them anew",
    isAsked: ({ persistentStatistics }) => persistentStatistics,
  },
  {
    kind: "loadable-functions",
    isOfServer: true,
    names: () => "SELECT name FROM mysql.func",
    hint: "install their libraries on the target, and repeat CREATE FUNCTION ... SONAME",
  },
  {
    kind: "servers",
    isOfServer: true,
    names: () => "SELECT Server_name AS name FROM mysql.servers",
    hint: "repeat CREATE SERVER on the target: tables of FEDERATED and SPIDER reach others through them",
  },
  {
    kind: "plugins",
    isOfServer: true,
    names: () => "SELECT PLUGIN_NAME AS name FROM information_schema.PLUGINS WHERE PLUGIN_LIBRARY IS NOT NULL",
    hint: "install them on the target (INSTALL PLUGIN), where tables or accounts need them",
  },
  {
    kind: "components",
    isOfServer: true,
    names: () => "SELECT component_urn AS name FROM mysql.component",
    hint: "install them on the target (INSTALL COMPONENT)",
    isAsked: ({ components }) => components,
  },
  {
    kind: "tablespaces",
    isOfServer: true,
    names: () =>
      "SELECT NAME AS name FROM information_schema.INNODB_TABLESPACES_BRIEF WHERE SPACE_TYPE = 'General' AND NAME <> 'mysql'",
    hint: "create those that tables name on the target before the restore (CREATE TABLESPACE)",
    isAsked: ({ generalTablespaces }) => generalTablespaces,
  },
  {
    kind: "resource-groups",
    isOfServer: true,
    names: () =>
      "SELECT RESOURCE_GROUP_NAME AS name FROM information_schema.RESOURCE_GROUPS WHERE RESOURCE_GROUP_NAME NOT IN ('SYS_default', 'USR_default', 'SYS_internal')",
    hint: "repeat CREATE RESOURCE GROUP on the target",
    isAsked: ({ resourceGroups }) => resourceGroups,
  },
  {
    kind: "spatial-reference-systems",
    isOfServer: true,
    names: () =>
      "SELECT SRS_ID AS name FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS WHERE ORGANIZATION IS NULL AND SRS_ID <> 0",
    hint: "repeat CREATE SPATIAL REFERENCE SYSTEM on the target before the restore",
    isAsked: ({ geometrySrid }) => geometrySrid,
  },
];

/**
 * What the server holds and a backup of one database does not. What this user may not see is not told of. Reads only tables
 * of the server's own; each kind by itself.
 */
export async function readNotIncluded(
  connection: MysqlConnection,
  database: string,
  { capabilities }: MysqlServerFacts,
  dump: DumpScope,
): Promise<NotIncluded[]> {
  return await answersOf(questions, (sql) => visibleRows(connection, sql), database, capabilities, dump);
}

/** What belongs to a server as a whole, and is in no backup of it. */
export async function readServerNotIncluded(
  connection: MysqlConnection,
  { capabilities }: MysqlServerFacts,
): Promise<NotIncluded[]> {
  const asked = [...questions.filter(({ isOfServer }) => isOfServer === true), ...ofServers];
  const ask = (sql: string): Promise<Row[]> => visibleRows(connection, sql);
  const found = await answersOf(asked, ask, "", capabilities, { columnStatistics: true });
  const channels = await ask(capabilities.replicaStatusStatement);
  if (channels.length === 0) return found;
  const names = channels.map((row) => row.Channel_Name ?? row.Connection_name ?? "");
  const hint = "set up replication anew on the target, if it is to be a replica";
  return [...found, counted("replication-channels", names, hint)];
}

async function answersOf(
  asked: readonly Question[],
  ask: (sql: string) => Promise<Row[]>,
  database: string,
  capabilities: MysqlCapabilities,
  dump: DumpScope,
): Promise<NotIncluded[]> {
  const found: NotIncluded[] = [];
  for (const { kind, names, hint, isAsked } of asked) {
    if (isAsked !== undefined && !isAsked(capabilities, dump)) continue;
    const rows = await ask(names(quoteText(database)));
    if (rows.length === 0) continue;
    const all = rows.map(({ name }) => name ?? "");
    found.push(counted(kind, all, hint));
  }
  return found;
}

function counted(kind: string, names: readonly string[], hint: string): NotIncluded {
  return { kind, count: names.length, examples: names.toSorted().slice(0, maxExamples), hint };
}

/** Access denied to a table, a column or a database, or a privilege is missing; tables that are not there. */
const hidden = new Set([1044, 1142, 1143, 1227, 1109, 1146]);

async function visibleRows(connection: MysqlConnection, sql: string): Promise<Row[]> {
  try {
    return await connection.rows(sql);
  } catch (error) {
    if (error instanceof MysqlServerError && hidden.has(error.number)) return [];
    throw error;
  }
}
