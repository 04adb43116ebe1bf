/**
 * Whether a name matches a pattern: `*` is any number of characters, `?` one, all others stand for themselves, capitals included. Pure.
 */
export function matchesName(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
  // Several stars in a row mean what one does, and would take long to try out.
  const expression = escaped.replace(/\*+/g, ".*").replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "su").test(name);
}
