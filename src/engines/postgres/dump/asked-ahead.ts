import type { RunQuery } from "../objects/catalog-queries.ts";
import type { Row } from "../objects/catalog-reader.ts";

/** Questions that are sent before anybody waits for their answers, which then are there at once. */
export class AskedAhead {
  readonly #run: RunQuery;
  readonly #answers = new Map<string, Promise<readonly Row[]>>();

  constructor(run: RunQuery) {
    this.#run = run;
  }

  /** Sends these. What was asked before, in a transaction that is over, is forgotten. */
  ask(questions: readonly string[]): void {
    this.#answers.clear();
    for (const sql of questions) {
      const answer = this.#run(sql);
      answer.catch(() => {}); // Whoever comes for it is told.
      this.#answers.set(sql, answer);
    }
  }

  /** Answers what was asked ahead, once, and sends all else. */
  readonly rows: RunQuery = (sql) => {
    const answer = this.#answers.get(sql);
    this.#answers.delete(sql);
    return answer ?? this.#run(sql);
  };
}
