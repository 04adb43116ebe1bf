import { BackupError } from "../../../core/backup-error.ts";

/**
 * A pattern of database names as psql and pg_dumpall take it, as a regular expression of PostgreSQL's that matches whole
 * names: `*` is any text, `?` any character, what is not in double quotes is in lower case, and other characters mean
 * what they mean in regular expressions. Source: "Patterns" of psql's manual page.
 * @throws BackupError USAGE for a name with a schema, or quotes that do not end
 */
export function databasePattern(pattern: string): string {
  let expression = "";
  let isQuoted = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '"') {
      if (isQuoted && pattern[at + 1] === '"') {
        expression += '"';
        at++;
      } else isQuoted = !isQuoted;
    } else if (isQuoted) expression += /[|*+?()[\]{}.^$\\]/.test(character) ? `\\${character}` : character;
    else if (character === "*") expression += ".*";
    else if (character === "?") expression += ".";
    else if (character === "$") expression += "\\$";
    else if (character === ".") throw refuse(pattern, "a database lies in no schema, and the pattern has a dot");
    else expression += character.replace(/[A-Z]/, (letter) => letter.toLowerCase());
  }
  if (isQuoted) throw refuse(pattern, "the pattern's quotes do not end");
  return `^(${expression})$`;
}

function refuse(pattern: string, message: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `${message}: "${pattern}"`,
    hint: `write names with capitals or dots in double quotes: '"${pattern.replaceAll('"', '""')}"'`,
  });
}
