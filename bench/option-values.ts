/** The named ones of those that are known; throws for others. */
export function listed<T extends string | number>(text: string, known: readonly T[]): T[] {
  return text.split(",").map((name) => oneOf(name, known));
}

/** The named one of those that are known; throws for another. */
export function oneOf<T extends string | number>(name: string, known: readonly T[]): T {
  const found = known.find((one) => `${one}` === name);
  if (found === undefined) throw new Error(`"${name}" is none of ${known.join(", ")}`);
  return found;
}

/** Throws for what is no number above 0. */
export function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`"${text}" is no number above 0`);
  return number;
}
