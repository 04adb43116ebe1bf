import type { ComparedSide } from "../../../ports/comparison.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { toUnicode } from "./to-unicode.ts";

/** Everything that decides how values are written, and whatever could end the session early. */
const settings: Readonly<Record<string, string>> = {
  search_path: "",
  datestyle: "ISO, YMD",
  intervalstyle: "postgres",
  timezone: "UTC",
  bytea_output: "hex",
  lc_monetary: "C",
  xmloption: "content",
  extra_float_digits: "3",
  standard_conforming_strings: "on",
  quote_all_identifiers: "off",
  // Rather an error than rows that a policy hides.
  row_security: "off",
  statement_timeout: "0",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  client_min_messages: "warning",
};

const settingsSince: Readonly<Record<string, readonly [major: number, value: string]>> = {
  // Compiling the hash expressions costs more than it saves.
  jit: [11, "off"],
  transaction_timeout: [17, "0"],
};

/** SQL: from here on the session sees one state of the database. */
export const beginSnapshot = "begin isolation level repeatable read, read only";

/** Encodings of databases that the server cannot convert to UTF-8: their texts are compared as bytes. */
const withoutConversion: ReadonlySet<string> = new Set(["SQL_ASCII", "MULE_INTERNAL"]);

/**
 * SQL: one statement that keeps no lock. Locks last until the transaction ends, and a server has room for some thousands
 * of them; those of a savepoint end with its rollback.
 */
export const withoutLocks = (sql: string): string =>
  `savepoint reading; ${sql}; rollback to savepoint reading; release savepoint reading`;

/** One side of a comparison: a session whose strings are binary, in UTF-8 where the server can convert to it. */
export interface ComparisonSession {
  readonly connection: PgConnection;
  readonly major: number;
  readonly database: string;
  /** Name of the server's encoding of this database. */
  readonly encoding: string;
}

export async function openComparisonSession(spec: ConnectionSpec, signal: AbortSignal): Promise<ComparisonSession> {
  // The one that the server takes whatever the database's encoding; it is UTF-8 once that is known.
  const anyEncoding = { ...spec, clientEncoding: "SQL_ASCII" };
  const connection = await PgConnection.connect(anyEncoding, { text: "binary", signal });
  try {
    const { version } = await identifyServer(connection, anyEncoding, signal);
    return await prepare(connection, Math.floor(version / 10_000));
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function prepare(connection: PgConnection, major: number): Promise<ComparisonSession> {
  const encoding = connection.parameter("server_encoding") ?? "SQL_ASCII";
  const wanted = [
    ...Object.entries(settings),
    ...Object.entries(settingsSince).flatMap(([name, [since, value]]) => (major >= since ? [[name, value]] : [])),
    ["client_encoding", withoutConversion.has(encoding) ? encoding : "UTF8"],
  ];
  // First of all: whose operators and functions the next query means must not be for the database's owner to say.
  await connection.query("set search_path = ''");
  // Where the server knows it: a table that becomes a view meanwhile cannot run code of others.
  await connection.query(`select set_config(name, 'view, foreign-table', false) from pg_settings
    where name = 'restrict_nonsystem_relation_kind'`);
  await connection.query(wanted.map(([name, value]) => `set ${name} = '${value}'`).join("; "));
  const { rows } = await connection.query("select current_database()");
  return { connection, major, database: rows[0]![0]!, encoding };
}

export function describeSide({ database, connection }: ComparisonSession): ComparedSide {
  return { kind: "database", database: toUnicode(database), serverVersion: connection.serverVersionText };
}
