/** Names that differ in nothing but capitals and small letters, together; those that are alone are left out. */
export function sameButForCase(names: Iterable<string>): string[][] {
  const groups = new Map<string, Set<string>>();
  for (const name of names) {
    const small = name.toLowerCase();
    const group = groups.get(small);
    if (group === undefined) groups.set(small, new Set([name]));
    else group.add(name);
  }
  return [...groups.values()].filter(({ size }) => size > 1).map((group) => [...group]);
}
