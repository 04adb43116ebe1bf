/** What a run has made so far, and how each is taken back. */
export class MadeThings {
  readonly #undo: (() => Promise<void>)[] = [];

  /** @param undo safe to call when the thing is not there */
  add(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  /** From now on all of it stays. */
  keep(): void {
    this.#undo.length = 0;
  }

  /** Takes everything back, the last first. Answers what went wrong with that. */
  async takeBack(): Promise<readonly unknown[]> {
    const failures: unknown[] = [];
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      await undo().catch((error: unknown) => failures.push(error));
    }
    return failures;
  }
}
