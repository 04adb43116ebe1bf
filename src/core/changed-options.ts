/** Options that say what is in a backup or a restore, and how it is made, by flag; those that are not given are not there. */
export type ShapingOptions = Readonly<Record<string, unknown>>;

/** What a person has to change: `--statistics was not given`. */
export function changedOptions(before: ShapingOptions, now: ShapingOptions): string[] {
  const changed: string[] = [];
  for (const flag of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (JSON.stringify(before[flag]) === JSON.stringify(now[flag])) continue;
    const how = !(flag in now) ? "was given" : flag in before ? "was another" : "was not given";
    changed.push(`${flag} ${how}`);
  }
  return changed;
}
