/**
 * Settings whose value is a list of names and was quoted as such when it was stored: each name must be written as a
 * literal of its own. No extension can add one. Source: GUC_LIST_QUOTE in PostgreSQL's guc_tables.c.
 */
const listSettings: ReadonlySet<string> = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/** What stands behind `SET name TO`: the stored value as one literal, or as several for a list of names. */
export function settingLiterals(name: string, value: string, quote: (text: string) => string): string {
  const list = listSettings.has(name.toLowerCase()) ? splitNames(value) : undefined;
  return list === undefined ? quote(value) : list.map(quote).join(", ");
}

/** Names of a comma-separated list, in which a name may stand in double quotes. Undefined when it is no such list. */
function splitNames(value: string): string[] | undefined {
  const names: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([^\s,"]+))\s*(,|$)/y;
  while (pattern.lastIndex < value.length) {
    const match = pattern.exec(value);
    if (match === null) return undefined;
    names.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === "" && pattern.lastIndex === value.length) return names;
  }
  return undefined;
}
