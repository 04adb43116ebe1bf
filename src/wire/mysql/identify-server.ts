import { BackupError } from "../../core/backup-error.ts";
import { shownText } from "../net/shown-text.ts";
import type { MysqlConnection, Row } from "./connection.ts";
import { describeHost } from "./connection-spec.ts";
import { mysqlLookAlikes, mysqlProxies } from "./look-alikes.ts";
import { type MysqlCapabilities, type MysqlFlavourName, mysqlCapabilitiesOf } from "./server-capabilities.ts";
import { MysqlServerError } from "./server-error.ts";

const oldest = { mysql: 50_600, mariadb: 100_300 } as const;
/** The newest that this program knows by reading or running: what comes later may hold objects that it would miss. */
const newest = { mysql: 269_999, mariadb: 129_999 } as const;
const shownName = { mysql: "MySQL", mariadb: "MariaDB" } as const;
const shownOldest = { mysql: "5.6", mariadb: "10.3" } as const;

export interface MysqlServerFacts {
  readonly flavour: MysqlFlavourName;
  /** All that `VERSION()` says: `10.11.6-MariaDB-log`. */
  readonly versionText: string;
  /** 80400 for 8.4.0, 260700 for 26.7.0, 101106 for 10.11.6; for messages, and for what `/*!` comments ask. */
  readonly version: number;
  readonly versionComment: string;
  /** A major version that came after this program: it may have kinds of objects that nobody here knows. */
  readonly isNewerThanKnown: boolean;
  /** Too old for this program: only others may back it up. */
  readonly isOlderThanKnown: boolean;
  readonly capabilities: MysqlCapabilities;
  /** `SHOW VARIABLES` of the session at the time of asking; names in small letters. */
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * Makes sure that a connection leads to a MySQL or MariaDB server that can be backed up: of a known version, not something
 * that only speaks its protocol, and not through a proxy that spreads a session over servers. Changes nothing in the session.
 * @param accepted `any`: of any version, for programs that know it
 * @throws BackupError UNSUPPORTED_SERVER, naming what was found
 */
export async function identifyMysql(
  connection: MysqlConnection,
  accepted: "known" | "any" = "known",
): Promise<MysqlServerFacts> {
  refuseByText(connection, connection.greeting.versionText);
  const [about = {}] = await ask(
    connection,
    "SELECT VERSION() AS version, @@version_comment AS comment, CONNECTION_ID() AS session",
  );
  const versionText = shownText(about.version ?? "");
  const versionComment = shownText(about.comment ?? "");
  refuseByText(connection, `${versionText} ${versionComment}`);
  const flavour: MysqlFlavourName = /mariadb/i.test(versionText) ? "mariadb" : "mysql";
  const version = versionNumber(versionText);
  if (version === undefined) throw lookAlike(connection, `"${versionText}"`);
  const isOlderThanKnown = version < oldest[flavour];
  if (isOlderThanKnown && accepted === "known") throw tooOld(connection, flavour, versionText);
  refuseProxy(connection, about.session);
  const variables = await allVariables(connection);
  const [snapshot, md5] = await Promise.all([
    ask(connection, "SHOW STATUS LIKE 'binlog_snapshot_file'"),
    ask(connection, "SELECT MD5('') AS hash"),
  ]);
  const probes = { variables, binlogSnapshotStatus: snapshot.length > 0, hasMd5: md5.length > 0 };
  return Object.freeze({
    flavour,
    version,
    versionText,
    versionComment,
    isOlderThanKnown,
    isNewerThanKnown: version > newest[flavour],
    capabilities: Object.freeze(mysqlCapabilitiesOf(flavour, version, probes)),
    variables,
  });
}

async function allVariables(connection: MysqlConnection): Promise<ReadonlyMap<string, string>> {
  const rows = await connection.rows("SHOW VARIABLES");
  return new Map(rows.map((row) => [(row.Variable_name ?? "").toLowerCase(), row.Value ?? ""]));
}

/** `8.4.0-log`, `10.11.6-MariaDB`, and `5.5.5-10.11.6-MariaDB` as some servers say it to old replicas. */
export function versionNumber(text: string): number | undefined {
  const [, major, minor, patch] = /^(?:5\.5\.5-(?=\d+\.))?(\d{1,3})\.(\d{1,2})\.(\d{1,2})/.exec(text) ?? [];
  return major === undefined ? undefined : Number(major) * 10_000 + Number(minor) * 100 + Number(patch);
}

/** No rows when the server does not know such a question. */
async function ask(connection: MysqlConnection, sql: string): Promise<Row[]> {
  try {
    return await connection.rows(sql);
  } catch (error) {
    if (error instanceof MysqlServerError && error.code === "SERVER") return [];
    throw error;
  }
}

function refuseByText(connection: MysqlConnection, text: string): void {
  const found = mysqlLookAlikes.find(({ pattern }) => pattern.test(text));
  if (found !== undefined) throw lookAlike(connection, found.name);
  const between = mysqlProxies.find(({ pattern }) => pattern.test(text));
  if (between !== undefined) throw proxy(connection, between.name);
}

/** A server greets with the number of the session, of which MariaDB sends 32 bits; a proxy greets with one of its own. */
function refuseProxy(connection: MysqlConnection, session: string | null | undefined): void {
  if (session === undefined || session === null) return;
  if (Number(BigInt(session) & 0xffff_ffffn) !== connection.greeting.threadId) throw proxy(connection, "a proxy");
}

function lookAlike(connection: MysqlConnection, name: string): BackupError {
  const host = describeHost(connection.spec.host);
  return new BackupError({
    code: "UNSUPPORTED_SERVER",
    message: `${host} is ${name}, not MySQL or MariaDB`,
    object: host,
    hint: "use the backup tool that belongs to it",
  });
}

function proxy(connection: MysqlConnection, name: string): BackupError {
  const host = describeHost(connection.spec.host);
  return new BackupError({
    code: "UNSUPPORTED_SERVER",
    message: `${host} is ${name}, which may give the statements of one session to several servers: a backup needs one`,
    object: host,
    hint: "connect to the MySQL or MariaDB server itself",
  });
}

function tooOld(connection: MysqlConnection, flavour: MysqlFlavourName, versionText: string): BackupError {
  const host = describeHost(connection.spec.host);
  return new BackupError({
    code: "UNSUPPORTED_SERVER",
    isForOthers: true,
    message: `${host} is ${shownName[flavour]} ${versionText}; versions from ${shownOldest[flavour]} on are supported`,
    object: host,
    hint: `use --engine tools with ${flavour === "mysql" ? "mysqldump" : "mariadb-dump"} of that version`,
  });
}
