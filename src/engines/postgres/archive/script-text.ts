import { randomInt } from "node:crypto";
import { BackupError } from "../../../core/backup-error.ts";
import { quoteIdentifier } from "../sql/quote.ts";
import type { TocEntry } from "./toc-entry.ts";

const keyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const keyLength = 63;

/** A key for psql's `\restrict` that nothing inside the script can guess. */
export function randomRestrictKey(): string {
  return Array.from({ length: keyLength }, () => keyCharacters[randomInt(keyCharacters.length)]).join("");
}

/** @throws BackupError USAGE when psql would not take the key. */
export function checkRestrictKey(key: string): string {
  if (/^[A-Za-z0-9]{1,1024}$/.test(key)) return key;
  throw new BackupError({
    code: "USAGE",
    message: `restrict key "${key}" is not made of letters and digits only`,
    hint: "leave --restrict-key out for a random one",
  });
}

/** Comments that announce an entry. Line ends in names become spaces: a name must never leave its comment. */
export function entryComment(
  entry: TocEntry,
  prefix: string,
  { noOwner, noTablespaces }: { readonly noOwner: boolean; readonly noTablespaces?: boolean },
): string {
  const name = oneLine(entry.tag);
  const schema = orDash(entry.namespace);
  const owner = noOwner ? "-" : orDash(entry.owner);
  const tablespace = entry.tablespace && noTablespaces !== true ? `; Tablespace: ${oneLine(entry.tablespace)}` : "";
  const type = oneLine(entry.desc);
  return `--\n-- ${prefix}Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: ${owner}${tablespace}\n--\n\n`;
}

export function oneLine(text: string): string {
  return text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]/g, " ") : text;
}

/** As pg_dump shows what is not there. */
export function orDash(text: string | null): string {
  return text === null ? "-" : oneLine(text);
}

/**
 * psql's command to go on in another database. Odd names go through a connection string, whose bytes psql must not
 * take for characters of a multibyte encoding.
 * @throws BackupError UNSUPPORTED_OBJECT for a name with a line end, which no psql command can hold.
 */
export function connectCommand(database: string): string {
  if (/[\r\n]/.test(database)) {
    throw new BackupError({
      code: "UNSUPPORTED_OBJECT",
      message: `a script cannot create a database whose name holds a line end: "${oneLine(database)}"`,
      hint: "use --format custom, or leave --create out",
    });
  }
  if (/^[A-Za-z0-9_.]+$/.test(database)) return `\\connect ${quoteIdentifier(database)}\n`;
  const value = database.replace(/['\\]/g, "\\$&");
  const connection = `"${`dbname='${value}'`.replaceAll('"', '""')}"`;
  return `\\encoding SQL_ASCII\n\\connect -reuse-previous=on ${connection}\n`;
}
