import { inQuotes, quoteIdentifier } from "../sql/quote.ts";

/** The CREATE DATABASE statement of an archive, taken apart. All text is binary strings. */
export interface DatabaseDefinition {
  /** Options in their order; values as SQL: `'UTF8'`, `libc`. */
  readonly options: ReadonlyMap<string, string>;
}

const optionPattern = /^([A-Z_]+) = ('(?:[^']|'')*'|E'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|[A-Za-z0-9_]+)(?: |$)/;

/** Answers undefined when the statement is not as pg_dump writes it. */
export function parseDatabaseDefinition(sql: string): DatabaseDefinition | undefined {
  const statement = /^CREATE DATABASE (?:"(?:[^"]|"")*"|[^ "]+)(?: WITH (.*))?;\n?$/s.exec(sql);
  if (statement === null) return undefined;
  const options = new Map<string, string>();
  for (let rest = statement[1] ?? ""; rest !== ""; ) {
    const option = optionPattern.exec(rest);
    if (option === null) return undefined;
    options.set(option[1]!, option[2]!);
    rest = rest.slice(option[0].length);
  }
  return { options };
}

/** The text of an option's value. */
export function optionText(definition: DatabaseDefinition, name: string): string | undefined {
  const value = definition.options.get(name);
  if (value === undefined) return undefined;
  if (value.startsWith("'")) return value.slice(1, -1).replaceAll("''", "'");
  return value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value;
}

/**
 * CREATE DATABASE for another name and perhaps an older server, which has other words for the same locale.
 * Locale providers that the server does not have are left for it to refuse.
 */
export function createDatabaseSql(definition: DatabaseDefinition, name: string, serverMajor: number): string {
  const options = new Map(definition.options);
  if (serverMajor < 15 && options.get("LOCALE_PROVIDER") === "libc") options.delete("LOCALE_PROVIDER");
  const locale = options.get("LOCALE");
  if (serverMajor < 13 && locale !== undefined) {
    options.delete("LOCALE");
    options.set("LC_COLLATE", locale);
    options.set("LC_CTYPE", locale);
  }
  const words = [...options].map(([option, value]) => ` ${option} = ${value}`);
  return `CREATE DATABASE ${quoteIdentifier(name)}${words.length > 0 ? ` WITH${words.join("")}` : ""};\n`;
}

/**
 * The same statements for a database of another name: settings, owner, comment and privileges of a DATABASE entry.
 * The name is replaced only where a statement begins and names its database, never inside of values.
 */
export function renameDatabase(sql: string, from: string, to: string): string {
  if (from === to) return sql;
  const spellings = new Set([quoteIdentifier(from), inQuotes(from)]);
  const old = [...spellings].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const subject =
    'ALTER|CREATE|COMMENT ON|ALTER ROLE (?:"(?:[^"]|"")*"|[^ "]+) IN|SECURITY LABEL [^\\n]*? ON|(?:GRANT|REVOKE) [^\'\\n]*? ON';
  const pattern = new RegExp(`^((?:${subject}) DATABASE )(?:${old})(?=[ ;])`, "gm");
  return sql.replace(pattern, (_, before: string) => before + quoteIdentifier(to));
}
