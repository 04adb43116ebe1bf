import type { TocEntry } from "../archive/toc-entry.ts";
import { type SqlPiece, sqlPieces, sqlStatements } from "./sql-pieces.ts";

/** Languages whose functions the server keeps inside the database. Others can do what the server's user can. */
const trustedLanguages: ReadonlySet<string> = new Set(["sql", "plpgsql", "plperl", "pltcl", "plv8"]);

const copyWord = /\bCOPY\b/i;
const outsideOfServer = /\b(?:FROM|TO)\s+(?:PROGRAM\b|[EUeu]?&?')/i;
const serverFunctions =
  /\b(?:pg_read_(?:binary_)?file|pg_ls_\w+|pg_stat_file|lo_import|lo_export|pg_file_\w+|dblink(?:_\w+)?)"?\s*\(/i;

/** Words that say what a statement does, wherever they stand: also inside of bodies and strings. */
const tellingWords: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/\bALTER\s+SYSTEM\b/i, "changes settings of the server"],
  [serverFunctions, "calls functions that reach outside the database"],
  [/\bCREATE\s+EXTENSION\b/i, "runs the scripts of an extension"],
  [/\bCREATE\s+EVENT\s+TRIGGER\b/i, "runs code at every change of the schema"],
  [/\bCREATE\s+SUBSCRIPTION\b/i, "holds a connection string to another server"],
  [/\bCREATE\s+(?:SERVER|USER\s+MAPPING)\b/i, "lets tables reach other servers"],
  [/\bSECURITY\s+DEFINER\b/i, "runs with its owner's rights, whoever calls it"],
  [/\b(?:session|local|shared)_preload_libraries\b|\bdynamic_library_path\b/i, "loads libraries into the server"],
  [/\bU&"/i, "hides names behind escapes"],
  [
    /\b(?:(?:CREATE|DROP)\s+(?:ROLE|USER(?!\s+MAPPING\b)|GROUP|TABLESPACE)|ALTER\s+(?:GROUP|TABLESPACE))\b|\bpg_(?:execute_server_program|(?:read|write)_server_files)\b/i,
    "changes what all databases of the server share",
  ],
  [
    // Settings of a role in this database are the database's.
    /\bALTER\s+(?:ROLE|USER(?!\s+MAPPING\b))\s+(?!(?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+)\s+IN\s+DATABASE\b)/i,
    "changes what all databases of the server share",
  ],
];

/** How statements begin that pg_dump writes into archives and scripts. */
const known =
  /^(?:CREATE|ALTER|DROP|COMMENT ON|GRANT|REVOKE|SECURITY LABEL|REFRESH MATERIALIZED VIEW|SET|RESET|BEGIN|COMMIT|START TRANSACTION|INSERT INTO|COPY|UPDATE pg_catalog \. pg_database SET datistemplate|SELECT (?:\* FROM )?(?:pg_catalog \. )?(?:set_config|setval|lo_\w+|lowrite|pg_restore_\w+) \()/i;

/**
 * Why a piece of SQL runs foreign code or reaches outside the database when it is restored; empty when it does not.
 * It looks at words, also inside of bodies and strings: better one reason too many. What a function does when a restore
 * calls it (an index, a constraint, a default) only those words can tell.
 * @param conforming `standard_conforming_strings` of the session that it is sent to
 */
export function trustReasons(sql: string, conforming = true): string[] {
  const pieces = sqlPieces(sql, conforming);
  // Comments may stand between any two words, and what looks like one may be inside of a string.
  const texts = new Set([sql, pieces.map(({ text }) => text).join(" ")]);
  const reasons = new Set<string>();
  for (const text of texts) {
    if (copiesOutside(text)) reasons.add("copies from or to a program or a file of the server");
    for (const [pattern, reason] of tellingWords) if (pattern.test(text)) reasons.add(reason);
  }
  for (const statement of sqlStatements(pieces)) {
    for (const reason of statementReasons(statement)) reasons.add(reason);
  }
  return [...reasons];
}

/** Statement by statement, from its first COPY on, so that the time grows with the length even of a hostile text. */
function copiesOutside(sql: string): boolean {
  return sql.split(";").some((statement) => {
    const at = statement.search(copyWord);
    return at >= 0 && outsideOfServer.test(statement.slice(at));
  });
}

/** Pieces that decide how a statement begins. */
const beginning = 10;

function statementReasons(statement: readonly SqlPiece[]): string[] {
  const start = statement
    .slice(0, beginning)
    .map(({ text }) => text)
    .join(" ");
  if (/^DO\b/i.test(start)) return ["runs code"];
  if (!known.test(start)) return ["runs a statement that pg_dump does not write"];
  if (/^INSERT /i.test(start) && computesRows(statement)) return ["computes rows"];
  if (!/^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/i.test(start)) return [];
  const languages = languagesOf(statement);
  if (languages.length === 0) return ["is written in a language that it does not say"];
  return languages
    .filter((name) => !trustedLanguages.has(name))
    .map((name) => `is written in the untrusted language "${name}"`);
}

/** pg_dump writes literals. */
function computesRows(statement: readonly SqlPiece[]): boolean {
  const values = statement.findIndex(({ text }) => /^VALUES$/i.test(text));
  return (
    values < 0 ||
    statement.some(({ text }, at) => at > values + 1 && text === "(" && /[\w"$]$/.test(statement[at - 1]!.text))
  );
}

/** What LANGUAGE names between the arguments and a body in standard SQL. */
function languagesOf(statement: readonly SqlPiece[]): string[] {
  const found: string[] = [];
  let depth = 0;
  let isBehindArguments = false;
  for (const [at, { kind, text }] of statement.entries()) {
    if (text === "(") depth += 1;
    if (text === ")" && --depth === 0) isBehindArguments = true;
    if (kind !== "word" || depth > 0 || !isBehindArguments) continue;
    if (/^(?:ATOMIC|RETURN)$/i.test(text)) break;
    if (/^LANGUAGE$/i.test(text)) found.push(languageName(statement[at + 1]));
  }
  return found;
}

function languageName(piece: SqlPiece | undefined): string {
  if (piece?.kind === "word") return piece.text.toLowerCase();
  if (piece?.kind === "name") return piece.text.slice(1, -1).replaceAll('""', '"');
  // A string may name one too; pg_dump never writes it so.
  return piece?.text ?? "";
}

/** The same for what drops an entry. */
export function dropTrustReasons(entry: TocEntry, conforming: boolean): string[] {
  return trustReasons(entry.drop ?? "", conforming);
}

/** The same for an entry. */
export function entryTrustReasons(entry: TocEntry, conforming: boolean): string[] {
  // Numbers of large objects, which are checked when they become statements.
  if (entry.desc === "BLOB METADATA") return [];
  const reasons = trustReasons(entry.definition ?? "", conforming);
  const runsStatements = entry.hadDumper && entry.desc === "TABLE DATA" && !entry.copy;
  return runsStatements ? [...reasons, "loads its rows by statements, which are not looked at before"] : reasons;
}
