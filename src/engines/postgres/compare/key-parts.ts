import type { KeyColumn, RowKey } from "./row-source.ts";

/** Values of all columns of a key, as texts. Binary strings. */
export type KeyEdge = readonly string[];

/**
 * Ranges of a key: from one edge to the next, the first and the last without end. Where the edges ascend, each row whose key
 * is not null is in exactly one.
 */
export class KeyParts {
  readonly count: number;
  readonly #key: RowKey;
  readonly #edges: readonly KeyEdge[];

  constructor(key: RowKey, edges: readonly KeyEdge[]) {
    this.#key = key;
    this.#edges = edges;
    this.count = edges.length + 1;
  }

  /** SQL: what rows of a part have. */
  condition(part: number): string {
    const columns = `(${this.#key.map(({ sql }) => sql).join(", ")})`;
    const from = part === 0 ? [] : [`${columns} >= ${this.#literals(this.#edges[part - 1]!)}`];
    const to = part === this.count - 1 ? [] : [`${columns} < ${this.#literals(this.#edges[part]!)}`];
    return [...from, ...to].join(" and ") || "true";
  }

  /** SQL: how many edges do not come after the one before, as this server orders them. */
  orderSql(): string {
    const values = this.#edges.map((edge, index) => `(${[`${index}`, ...this.#ordered(edge)].join(", ")})`);
    const columns = this.#key.map((_, index) => `k${index}`);
    const of = (alias: string): string => `(${columns.map((name) => `${alias}.${name}`).join(", ")})`;
    return `with edges (n, ${columns.join(", ")}) as (values ${values.join(", ")})
      select count(*) from edges as a join edges as b on b.n = a.n + 1 where (${of("a")} < ${of("b")}) is not true`;
  }

  #literals(edge: KeyEdge): string {
    return `(${this.#key.map((column, index) => literal(edge[index]!, column)).join(", ")})`;
  }

  #ordered(edge: KeyEdge): string[] {
    return this.#key.map(
      (column, index) => literal(edge[index]!, column) + (column.isText ? ' collate pg_catalog."C"' : ""),
    );
  }
}

function literal(value: string, { ordered }: KeyColumn): string {
  return `'${value.replaceAll("'", "''")}'::${ordered}`;
}
