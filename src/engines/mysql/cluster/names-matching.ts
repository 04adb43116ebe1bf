/**
 * Which of these names a pattern means: `*` stands for any characters, `?` for one, everything else for itself, in capitals
 * and small letters as it is written.
 */
export function namesMatching(pattern: string, names: readonly string[]): readonly string[] {
  const source = [...pattern].map((character) => {
    if (character === "*") return "[\\s\\S]*";
    if (character === "?") return "[\\s\\S]";
    return character.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  });
  const expression = new RegExp(`^${source.join("")}$`, "u");
  return names.filter((name) => expression.test(name));
}
