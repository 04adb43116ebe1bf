import type { Capabilities } from "../capabilities.ts";
import { quoteConformingLiteral, quoteIdentifier } from "../sql/quote.ts";
import type { RunQuery } from "./catalog-queries.ts";
import type { Row } from "./catalog-reader.ts";

/** The database itself, as its DATABASE entry and the restore's `--create` need it. */
export interface DatabaseFacts {
  readonly oid: number;
  readonly name: string;
  readonly owner: string;
  /** `UTF8`, `SQL_ASCII`, ... */
  readonly encoding: string;
  readonly createStatement: string;
  /** The same in whatever tablespace is the default. */
  readonly createStatementAnywhere: string;
  readonly dropStatement: string;
}

/** Reads the current database's own row. */
export async function readDatabase(run: RunQuery, capabilities: Capabilities): Promise<DatabaseFacts> {
  const locale = capabilities.databaseLocaleColumn;
  const rows = await run(
    "SELECT d.oid, d.datname, pg_catalog.pg_get_userbyid(d.datdba) AS owner, " +
      "pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate, d.datctype, " +
      `${capabilities.databaseLocaleProvider ? "d.datlocprovider" : "'c'"} AS provider, ` +
      `${locale === undefined ? "NULL" : `d.${locale}`} AS locale, ` +
      `${capabilities.icuRules ? "d.daticurules" : "NULL"} AS rules, ` +
      "(SELECT spcname FROM pg_catalog.pg_tablespace t WHERE t.oid = d.dattablespace) AS tablespace " +
      "FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()",
  );
  const row = rows[0]!;
  const name = row.datname!;
  const create = `CREATE DATABASE ${quoteIdentifier(name)} WITH TEMPLATE = template0${options(row, capabilities)}`;
  const tablespace = ` TABLESPACE = ${quoteIdentifier(row.tablespace!)}`;
  return {
    oid: Number(row.oid),
    name,
    owner: row.owner!,
    encoding: row.encoding!,
    createStatement: `${create}${row.tablespace === "pg_default" ? "" : tablespace};\n`,
    createStatementAnywhere: `${create};\n`,
    dropStatement: `DROP DATABASE ${quoteIdentifier(name)};\n`,
  };
}

/** Only what the source server itself understands, so that `--create` works on a server of the same version. */
function options(row: Row, capabilities: Capabilities): string {
  const parts = [` ENCODING = ${quoteConformingLiteral(row.encoding!)}`];
  if (capabilities.databaseLocaleProvider) {
    parts.push(` LOCALE_PROVIDER = ${{ b: "builtin", c: "libc", i: "icu" }[row.provider!] ?? row.provider!}`);
  }
  const collate = row.datcollate ?? "";
  const ctype = row.datctype ?? "";
  if (collate !== "" && collate === ctype && capabilities.createDatabaseLocale) {
    parts.push(` LOCALE = ${quoteConformingLiteral(collate)}`);
  } else {
    if (collate !== "") parts.push(` LC_COLLATE = ${quoteConformingLiteral(collate)}`);
    if (ctype !== "") parts.push(` LC_CTYPE = ${quoteConformingLiteral(ctype)}`);
  }
  if (row.locale !== null && row.locale !== undefined) {
    const keyword = row.provider === "b" ? "BUILTIN_LOCALE" : "ICU_LOCALE";
    parts.push(` ${keyword} = ${quoteConformingLiteral(row.locale)}`);
  }
  if (row.rules !== null && row.rules !== undefined) parts.push(` ICU_RULES = ${quoteConformingLiteral(row.rules)}`);
  return parts.join("");
}
