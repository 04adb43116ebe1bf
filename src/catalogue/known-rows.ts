import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";

/**
 * Key, size, time, NULL or who else has read it, and the two columns that were asked for. As arrays: objects with names take twice the
 * time.
 */
export type KnownRow = readonly SQLOutputValue[];

/** Rows that are read at a time: who lists a repository asks for all of them in the order of their keys. */
const READ_AT_ONCE = 256;

/** What is asked for of a table. */
export interface KnownColumns {
  readonly table: "objects" | "briefs";
  /** A column with texts that are alike in many lines, or a text in quotes. */
  readonly repeated: string;
  readonly own: string;
}

/** Lines of a table of the catalogue, by the keys of one repository; quick for whoever asks in the order of keys. */
export class KnownRows {
  readonly #repository: number;
  readonly #reader: string;
  readonly #find: StatementSync;
  /** In the order of keys; if they are fewer than `READ_AT_ONCE`, there are none behind them. */
  #rows: readonly KnownRow[] = [];
  #at = 0;
  /** NULL in `#rows` stands for it: that two texts are alike SQLite sees in less time than it takes to make one. */
  #usual = "";
  #asked: string | undefined;
  /** Lines that were found since the first key of all that were asked for in their order. */
  #found = 0;

  constructor(database: DatabaseSync, repository: number, reader: string, { table, repeated, own }: KnownColumns) {
    this.#repository = repository;
    this.#reader = reader;
    this.#find = database.prepare(
      `select key, size, modified, nullif(reader, ?), nullif(${repeated}, ?), ${own} from ${table}
        where repository = ? and key >= ? order by key limit ?`,
    );
    this.#find.setReturnArrays(true);
  }

  /**
   * The line of a key. The order of keys is that of their bytes, and of texts here that of their UTF-16 units: where these are two for a
   * character, it may find none although there is one.
   */
  of(key: string): KnownRow | undefined {
    let isRead = false;
    if (this.#asked === undefined || key < this.#asked) {
      this.#read(key);
      isRead = true;
      this.#found = 0;
    }
    const isRepeated = key === this.#asked;
    this.#asked = key;
    for (;;) {
      const row = this.#rows[this.#at];
      if (row === undefined) {
        if (isRead || this.#rows.length < READ_AT_ONCE) return undefined;
        this.#read(key);
        isRead = true;
        continue;
      }
      const found = String(row[0]);
      if (found === key) {
        if (!isRepeated) this.#found++;
        return row;
      }
      if (found > key) return undefined;
      this.#at++;
    }
  }

  /** The repeated text of the line that was found last. */
  repeatedOf([, , , , text]: KnownRow): string {
    return text === null ? this.#usual : String(text);
  }

  /** Lines that there are at least: those that were found since this was read from its begin, and nothing written. */
  get found(): number {
    return this.#found;
  }

  /** To be called when something was written. */
  forget(): void {
    this.#asked = undefined;
    this.#found = 0;
  }

  #read(key: string): void {
    const last = this.#rows.at(-1);
    if (last !== undefined) this.#usual = this.repeatedOf(last);
    // It answers arrays, although its type says objects.
    const answered: unknown = this.#find.all(this.#reader, this.#usual, this.#repository, key, READ_AT_ONCE);
    this.#rows = answered as readonly KnownRow[];
    this.#at = 0;
  }
}
