import { BackupError } from "../../../core/backup-error.ts";
import type { DumpSessionOptions } from "../../../ports/dump-session.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { Capabilities } from "../capabilities.ts";
import { serverText } from "../select/server-text.ts";
import { quoteConformingLiteral, quotesAllIdentifiers } from "../sql/quote.ts";

/** Floats are written so that they are read back bit for bit. */
const exactFloats = 3;

/** The database's own: bytes arrive as they are stored. */
const ownEncoding =
  "SELECT pg_catalog.set_config('client_encoding', pg_catalog.pg_encoding_to_char(encoding), false) " +
  "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()";

/** What every session of a dump sets first. @param readsForeignTables their rows are wanted */
export function sessionSettings(
  capabilities: Capabilities,
  { role, encoding, extraFloatDigits = exactFloats, enableRowSecurity }: DumpSessionOptions,
  readsForeignTables: boolean,
): string[] {
  return [
    // Nothing of the database may stand in for a system function or operator (CVE-2018-1058).
    "SELECT pg_catalog.set_config('search_path', '', false)",
    encoding === undefined ? ownEncoding : `SET client_encoding = ${quoteConformingLiteral(encoding)}`,
    ...(role === undefined ? [] : [`SELECT pg_catalog.set_config('role', ${serverText(role)}, false)`]),
    "SET DATESTYLE = ISO",
    "SET INTERVALSTYLE = POSTGRES",
    `SET extra_float_digits TO ${extraFloatDigits}`,
    // Rows come in the order they lie in, so that two dumps of an idle database are the same.
    "SET synchronize_seqscans TO off",
    "SET max_parallel_workers_per_gather = 0",
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    ...(capabilities.transactionTimeout ? ["SET transaction_timeout = 0"] : []),
    "SET bytea_output TO hex",
    "SET standard_conforming_strings = on",
    `SET quote_all_identifiers TO ${quotesAllIdentifiers() ? "on" : "off"}`,
    // Row security fails instead of silently leaving rows out.
    `SET row_security = ${enableRowSecurity === true ? "on" : "off"}`,
    // Where the server knows the setting, a table replaced by a view in mid-dump cannot run code (CVE-2024-7348).
    `SELECT pg_catalog.set_config(name, '${readsForeignTables ? "view" : "view, foreign-table"}', false) FROM pg_catalog.pg_settings ` +
      "WHERE name = 'restrict_nonsystem_relation_kind'",
  ];
}

/**
 * Of all text in the dump, as the server calls it.
 * @throws BackupError USAGE for one that servers cannot have: its bytes may look like quotes
 */
export function dumpEncoding(connection: PgConnection): string {
  const encoding = connection.parameter("client_encoding") ?? "SQL_ASCII";
  if (!clientOnly.has(encoding)) return encoding;
  throw new BackupError({
    code: "USAGE",
    message: `a backup cannot be made in the encoding "${encoding}", which is for clients only`,
    hint: "choose one that servers can have, such as UTF8; text is converted again when it is read",
  });
}

const clientOnly = new Set(["SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004"]);
