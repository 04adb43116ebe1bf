import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { quoteText } from "../quote.ts";
import type { Demand } from "./statement-demands.ts";

/** What a pre-check asks the target server. All names are Unicode. */
export interface TargetFacts {
  readonly server: MysqlServerFacts;
  /** `user@host`, as the server found it. */
  readonly account: string;
  /** Privileges on everything, in capitals; undefined when roles may give more than is seen. */
  readonly privileges: ReadonlySet<string> | undefined;
  readonly targetExists: boolean;
  /** Somebody set the target itself read-only. */
  readonly isTargetReadOnly: boolean;
  /** What the target holds already. */
  readonly tables: number;
  readonly others: number;
  readonly collations: ReadonlySet<string>;
  readonly characterSets: ReadonlySet<string>;
  readonly engines: ReadonlySet<string>;
  /** `user@host`; undefined when this user may not look. */
  readonly accounts: ReadonlySet<string> | undefined;
  readonly maxPacket: number;
  /** Free bytes where a local server keeps its data; undefined for others. */
  readonly freeBytes: number | undefined;
}

/** @param demands collations that are asked for by name where the server does not list them */
export async function readTargetFacts(
  connection: MysqlConnection,
  target: string,
  demands: readonly Demand[],
): Promise<TargetFacts> {
  const server = await identifyMysql(connection);
  const names = async (sql: string): Promise<Set<string>> => {
    const { rows } = await connection.query(sql);
    return new Set(rows.map(([name]) => (name ?? "").toString()));
  };
  const optional = (sql: string): Promise<Set<string> | undefined> => names(sql).catch(() => undefined);
  const count = async (table: string, column: string): Promise<number> => {
    const sql = `SELECT COUNT(*) AS n FROM information_schema.${table} WHERE ${column} = ${quoteText(target)}`;
    const [row] = await connection.rows(sql);
    return Number(row?.n ?? 0);
  };
  const collations = await names("SELECT COLLATION_NAME FROM information_schema.COLLATIONS");
  const full = await optional(
    "SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY",
  );
  const engines = await names("SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')");
  const [account] = await names("SELECT CURRENT_USER()");
  return {
    server,
    account: account ?? "",
    privileges: await globalPrivileges(connection),
    targetExists:
      (await names(`SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(target)}`))
        .size > 0,
    isTargetReadOnly: await isReadOnly(connection, target),
    tables: await count("TABLES", "TABLE_SCHEMA"),
    others: (await count("ROUTINES", "ROUTINE_SCHEMA")) + (await count("EVENTS", "EVENT_SCHEMA")),
    collations: await knownCollations(connection, demands, lower([...collations, ...(full ?? [])])),
    characterSets: withAlias(lower(await names("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS"))),
    engines: new Set([...engines].map((name) => name.toUpperCase())),
    accounts: await optional("SELECT CONCAT(User, '@', Host) FROM mysql.user"),
    maxPacket: Number(server.variables.get("max_allowed_packet") ?? 0),
    freeBytes: await freeBytesOf(connection, server.variables.get("datadir") ?? ""),
  };
}

/** As only MySQL has it, from 8.0.22 on. */
async function isReadOnly(connection: MysqlConnection, target: string): Promise<boolean> {
  const sql = `SELECT OPTIONS AS options FROM information_schema.SCHEMATA_EXTENSIONS WHERE SCHEMA_NAME = ${quoteText(target)}`;
  const rows = await connection.rows(sql).catch((error: unknown) => {
    if (error instanceof MysqlServerError) return [];
    throw error;
  });
  return /\bREAD ONLY=1\b/.test(rows[0]?.options ?? "");
}

/** Servers take more names than they list: old ones, and those of the other flavour. */
async function knownCollations(
  connection: MysqlConnection,
  demands: readonly Demand[],
  listed: Set<string>,
): Promise<ReadonlySet<string>> {
  for (const { kind, name } of demands) {
    if (kind !== "collation" || listed.has(name)) continue;
    const characterSet = name.startsWith("uca1400") ? "utf8mb4" : name.split("_", 1)[0];
    const isTaken = await connection.query(`SELECT CONVERT('' USING ${characterSet}) COLLATE ${name}`).then(
      () => true,
      (error: Error) => {
        if (error instanceof MysqlServerError) return false;
        throw error;
      },
    );
    if (isTaken) listed.add(name);
  }
  return listed;
}

/** utf8 is the old name of utf8mb3, which new servers still take. */
function withAlias(characterSets: Set<string>): ReadonlySet<string> {
  return characterSets.has("utf8mb3") ? characterSets.add("utf8") : characterSets;
}

/** As SHOW GRANTS lists them; roles of a session are not looked into. */
export async function globalPrivileges(connection: MysqlConnection): Promise<ReadonlySet<string> | undefined> {
  const { rows } = await connection.query("SHOW GRANTS");
  const lines = rows.map(([line]) => (line ?? "").toString());
  if (lines.some((line) => !/ ON /.test(line) && !line.startsWith("GRANT PROXY"))) return undefined;
  const privileges = new Set<string>();
  for (const line of lines) {
    const [, list] = /^GRANT (.*?) ON \*\.\* TO /.exec(line) ?? [];
    for (const name of (list ?? "").split(/,\s*/)) privileges.add(name.toUpperCase());
  }
  return privileges;
}

/** Only of a server on this machine, whose data folder is there to be looked at. */
async function freeBytesOf({ spec }: MysqlConnection, folder: string): Promise<number | undefined> {
  const isHere = spec.host.kind === "unix" || /^(localhost$|127\.|::1$)/.test(spec.host.host);
  if (!isHere || folder === "") return undefined;
  try {
    await stat(join(folder, "ibdata1"));
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // In a container, or not ours to look at: then we do not know.
    return undefined;
  }
}

function lower(values: Iterable<string>): Set<string> {
  return new Set([...values].map((value) => value.toLowerCase()));
}
