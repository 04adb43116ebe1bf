/**
 * Ranges of an integer key that has no NULLs: disjoint, and complete whatever the values are, since the first and the last
 * have no end. How evenly rows are spread over them is only a matter of speed, so they may be made from a sample. Nothing is kept for each
 * range: a table of a terabyte has half a million.
 */
export class KeyRanges {
  readonly count: number;
  readonly #column: string;
  readonly #buckets: readonly Bucket[];

  /**
   * @param column the key, quoted.
   * @param edges values of the key in ascending order, between each two of which about as many rows lie.
   * @param wanted how many ranges there should be; there are fewer when there are not so many values.
   */
  constructor(column: string, edges: readonly bigint[], wanted: number) {
    this.#column = column;
    this.#buckets = bucketsOf(edges, wanted);
    const last = this.#buckets.at(-1);
    this.count = last === undefined ? 1 : last.first + last.steps;
  }

  /** What rows of a range have. */
  condition(index: number): string {
    const from = () => `${this.#column} >= ${literal(this.#start(index))}`;
    const to = () => `${this.#column} < ${literal(this.#start(index + 1))}`;
    if (this.count === 1) return "true";
    if (index === 0) return to();
    return index === this.count - 1 ? from() : `${from()} AND ${to()}`;
  }

  /** The value at which a range begins, but for the first. */
  #start(index: number): bigint {
    const bucket = this.#buckets.findLast(({ first }) => first <= index)!;
    return bucket.from + ((bucket.to - bucket.from) * BigInt(index - bucket.first)) / BigInt(bucket.steps);
  }
}

/** Values between two edges, in which several ranges of the same width begin. */
interface Bucket {
  readonly from: bigint;
  readonly to: bigint;
  /** The number of its first range. */
  readonly first: number;
  readonly steps: number;
}

function bucketsOf(edges: readonly bigint[], wanted: number): Bucket[] {
  const buckets: Bucket[] = [];
  const steps = Math.ceil(wanted / Math.max(1, edges.length - 1));
  let first = 0;
  for (const [i, to] of edges.entries()) {
    const from = edges[i - 1];
    if (from === undefined || from >= to) continue;
    // No more ranges than values: an empty range costs a command and gives nothing.
    const bucket = { from, to, first, steps: Number(minimum(BigInt(steps), to - from)) };
    buckets.push(bucket);
    first += bucket.steps;
  }
  return buckets;
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Quoted, since a bare `-9223372036854775808` is a minus before a number that no integer holds. */
function literal(value: bigint): string {
  return `'${value}'::pg_catalog.int8`;
}
