/** Longer delimiters are no delimiters of a dump; the stock clients cut at 15. */
export const maxDelimiterBytes = 15;
/** Longer lines are no command of a dump. */
export const maxCommandBytes = 4096;

/**
 * Words by which the stock clients know their own commands at the start of a statement. None of them begins SQL that a
 * server knows, but for HELP, which no dump needs, and those that are answered elsewhere: USE and DELIMITER.
 */
const clientWords: ReadonlySet<string> = new Set([
  ..."charset clear connect edit ego exit go help nopager notee nowarning pager print prompt query_attributes quit".split(
    " ",
  ),
  ..."rehash resetconnection sandbox source ssl_session_data_print status system tee warnings".split(" "),
]);

export const longestClientWord = 24;

export function isClientWord(word: string): boolean {
  return clientWords.has(word.toLowerCase());
}

/**
 * What a line `DELIMITER x` sets, from behind the word.
 * @returns undefined for what the stock clients refuse: nothing, or a backslash in it
 */
export function parseDelimiter(rest: string): string | undefined {
  const quoted = /^[ \t]*(['"`])(.*?)\1/.exec(rest)?.[2];
  const word = quoted ?? /^[ \t]*([^ \t\r\n]+)/.exec(rest)?.[1] ?? "";
  return word === "" || word.includes("\\") || word.length > maxDelimiterBytes ? undefined : word;
}
