import type { MysqlCapabilities } from "../../../wire/mysql/server-capabilities.ts";
import type { MemoryBudget } from "../../common/memory-budget.ts";
import type { EvenRanges } from "../dump/plan-ranges.ts";
import type { Relation } from "../objects/read-relations.ts";
import { keyCondition, type RowKey } from "./row-key.ts";

/** What a key takes in memory besides its text. */
const KEY_BYTES = 64;
/** Keys in one statement, and their text. */
const KEYS_AT_A_TIME = 1000;
const TEXT_AT_A_TIME = 256 * 1024;

/** Which rows of a table are in a sample. */
export interface SampledRows {
  readonly table: Relation;
  /** Rows that were chosen, and all. */
  readonly chosen: number;
  readonly count: number;
  /** For statements that read them, one after another. Together they give each row once. */
  readonly ranges: EvenRanges;
}

/** Rows of a table by their keys, each once, in the order in which they came. */
export class KeyedRows implements SampledRows {
  readonly table: Relation;
  readonly key: RowKey;
  chosen = 0;
  /** What the chosen rows fulfil and no others, where looking them up by their keys would take longer. @param of as of {@link keyCondition} */
  chosenCondition: ((of: string) => string) | undefined;
  readonly #capabilities: MysqlCapabilities;
  readonly #budget: MemoryBudget;
  readonly #known = new Set<string>();
  readonly #inOrder: string[] = [];
  #followed = 0;

  constructor(table: Relation, key: RowKey, budget: MemoryBudget, capabilities: MysqlCapabilities) {
    this.#capabilities = capabilities;
    this.table = table;
    this.key = key;
    this.#budget = budget;
  }

  get count(): number {
    return this.#inOrder.length;
  }

  /** @throws BackupError UNSUPPORTED_OBJECT when they are too many for this memory */
  add(text: string): void {
    const { size } = this.#known;
    this.#known.add(text);
    if (this.#known.size === size) return;
    this.#budget.take(KEY_BYTES + text.length);
    this.#inOrder.push(text);
  }

  /** A condition of some rows that nobody has followed yet; undefined: there is none. */
  nextToFollow(of: string): string | undefined {
    const start = this.#followed;
    if (start === this.#inOrder.length) return undefined;
    if (start === 0 && this.chosenCondition !== undefined) {
      this.#followed = this.chosen;
      return this.chosenCondition(of);
    }
    this.#followed = this.#endOfBatch(start);
    return this.#conditionOf(start, this.#followed, of);
  }

  get ranges(): EvenRanges {
    const { chosenCondition } = this;
    const starts = chosenCondition === undefined ? [0] : [0, this.chosen];
    while (starts.at(-1)! < this.#inOrder.length) starts.push(this.#endOfBatch(starts.at(-1)!));
    if (starts.length === 1) return { count: 1, condition: () => "FALSE" };
    return {
      count: starts.length - 1,
      condition: (index) =>
        index === 0 && chosenCondition !== undefined
          ? chosenCondition("")
          : this.#conditionOf(starts[index]!, starts[index + 1]!, ""),
    };
  }

  #conditionOf(start: number, end: number, of: string): string {
    return keyCondition(this.key, this.#inOrder.slice(start, end), this.#capabilities, of);
  }

  #endOfBatch(start: number): number {
    let bytes = 0;
    let end = start;
    while (end < this.#inOrder.length && end - start < KEYS_AT_A_TIME && bytes < TEXT_AT_A_TIME) {
      bytes += this.#inOrder[end]!.length;
      end++;
    }
    return end;
  }
}

/** Rows of a table that has no key: those that fulfil a condition, or all. */
export class UnkeyedRows implements SampledRows {
  readonly table: Relation;
  /** Undefined: all rows. @param of as of {@link keyCondition} */
  condition: ((of: string) => string) | undefined;
  chosen = 0;
  count = 0;
  isFollowed = false;

  constructor(table: Relation) {
    this.table = table;
  }

  get ranges(): EvenRanges {
    return { count: 1, condition: () => this.condition?.("") };
  }
}
