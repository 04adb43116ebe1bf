/** Counts for people: `1,234,567`. */
export function formatCount(count: number): string {
  return String(Math.trunc(count)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** A count and what it counts: `1 table`, `1,234 tables`, `0 entries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
