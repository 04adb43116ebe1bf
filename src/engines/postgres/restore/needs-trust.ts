import type { TocEntry } from "../archive/toc-entry.ts";

/** Languages whose functions the server keeps inside the database. Others can do what the server's user can. */
const trustedLanguages: ReadonlySet<string> = new Set(["sql", "plpgsql", "plperl", "pltcl", "plv8"]);

const copyWord = /\bCOPY\b/i;
const outsideOfServer = /\b(?:FROM|TO)\s+(?:PROGRAM\b|[EUeu]?&?')/i;
const serverFunctions =
  /\b(?:pg_read_(?:binary_)?file|pg_ls_dir|lo_import|lo_export|pg_file_write|dblink_connect)\s*\(/i;

/**
 * Why a piece of SQL runs foreign code or reaches outside the database when it is restored; empty when it does not.
 * It looks at words, also inside of bodies and strings: better one reason too many.
 */
export function trustReasons(sql: string): string[] {
  const reasons: string[] = [];
  if (copiesOutside(sql)) reasons.push("copies from or to a program or a file of the server");
  if (/\bALTER\s+SYSTEM\b/i.test(sql)) reasons.push("changes settings of the server");
  if (serverFunctions.test(sql)) reasons.push("calls functions that reach outside the database");
  if (/\bCREATE\s+EXTENSION\b/i.test(sql)) reasons.push("runs the scripts of an extension");
  if (/\bCREATE\s+EVENT\s+TRIGGER\b/i.test(sql)) reasons.push("runs code at every change of the schema");
  if (/\bCREATE\s+SUBSCRIPTION\b/i.test(sql)) reasons.push("holds a connection string to another server");
  if (/\bCREATE\s+(?:SERVER|USER\s+MAPPING)\b/i.test(sql)) reasons.push("lets tables reach other servers");
  if (/^\s*DO\b/i.test(sql)) reasons.push("runs code");
  if (!/^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b/i.test(sql)) return reasons;
  if (/\bSECURITY\s+DEFINER\b/i.test(sql)) reasons.push("runs with its owner's rights, whoever calls it");
  const language = /\bLANGUAGE\s+(?:"((?:[^"]|"")+)"|(\w+))/i.exec(sql);
  const name = language?.[1] ?? language?.[2]?.toLowerCase();
  if (name !== undefined && !trustedLanguages.has(name)) reasons.push(`is written in the untrusted language "${name}"`);
  return reasons;
}

/** Statement by statement, from its first COPY on, so that the time grows with the length even of a hostile text. */
function copiesOutside(sql: string): boolean {
  return sql.split(";").some((statement) => {
    const at = statement.search(copyWord);
    return at >= 0 && outsideOfServer.test(statement.slice(at));
  });
}

/** The same for an entry. */
export function entryTrustReasons(entry: TocEntry): string[] {
  return trustReasons(entry.definition ?? "");
}
