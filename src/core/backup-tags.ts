import { BackupError } from "./backup-error.ts";

/** Tags of a backup: values by name; the value of a tag that has none is empty. */
export type BackupTags = Readonly<Record<string, string>>;

const MAX_TAGS = 64;
const name = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
// Anything but control characters: it is shown in one line.
const value = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,256}$/u;

/**
 * Reads `NAME` and `NAME=VALUE`.
 * @throws BackupError USAGE
 */
export function parseTags(words: readonly string[]): BackupTags {
  if (words.length > MAX_TAGS) throw wrong(`more than ${MAX_TAGS} tags`, "give fewer");
  const tags = new Map<string, string>();
  for (const word of words) {
    const [key, text] = split(word);
    if (tags.has(key)) throw wrong(`the tag "${key}" is given twice`, "give each name once");
    tags.set(key, text);
  }
  return Object.fromEntries(tags);
}

/** Checks words that choose backups by tags, and gives them back. @throws BackupError USAGE */
export function checkedTagWords(words: readonly string[]): readonly string[] {
  for (const word of words) split(word);
  return words;
}

/** All words that choose a backup with these tags: the names, and with values `NAME=VALUE`. */
export function tagWords(tags: BackupTags = {}): readonly string[] {
  return Object.entries(tags).flatMap(([key, text]) => (text === "" ? [key] : [key, `${key}=${text}`]));
}

/** Tags as people wrote them. */
export function shownTags(tags: BackupTags = {}): readonly string[] {
  return Object.entries(tags).map(([key, text]) => (text === "" ? key : `${key}=${text}`));
}

function split(word: string): readonly [string, string] {
  const at = word.indexOf("=");
  const key = at < 0 ? word : word.slice(0, at);
  const text = at < 0 ? "" : word.slice(at + 1);
  if (!name.test(key)) {
    throw wrong(
      `${JSON.stringify(key)} is no name of a tag`,
      "write NAME or NAME=VALUE; names begin with a letter and have letters, digits, _, . and -, at most 64",
    );
  }
  if (at >= 0 && !value.test(text)) {
    throw wrong(
      `the value of the tag "${key}" is not one`,
      "give 1 to 256 characters in one line, or leave out the = for a tag without a value",
    );
  }
  return [key, text];
}

function wrong(message: string, hint: string): BackupError {
  return new BackupError({ code: "USAGE", message, hint });
}
