/** Work for several workers, some of which makes more work. */
export class WorkQueue<Item> {
  readonly #items: Item[];
  readonly #waiting: ((item: Item | undefined) => void)[] = [];
  #atWork = 0;

  /** The first is taken first. */
  constructor(items: readonly Item[]) {
    this.#items = items.toReversed();
  }

  /** Puts items before all others, in their order. */
  add(items: readonly Item[]): void {
    this.#items.push(...items.toReversed());
    while (this.#items.length > 0 && this.#waiting.length > 0) {
      this.#atWork++;
      this.#waiting.shift()!(this.#items.pop());
    }
  }

  /** Works on items until none is left and nobody is at work on one, who might add more. Rejects with what `work` does. */
  async run(work: (item: Item) => Promise<void>): Promise<void> {
    for (let item = await this.#take(); item !== undefined; item = await this.#take()) {
      try {
        await work(item);
      } catch (error) {
        this.#items.length = 0;
        throw error;
      } finally {
        this.#done();
      }
    }
  }

  #take(): Promise<Item | undefined> {
    const item = this.#items.pop();
    if (item === undefined && this.#atWork > 0) return new Promise((resolve) => this.#waiting.push(resolve));
    if (item !== undefined) this.#atWork++;
    return Promise.resolve(item);
  }

  #done(): void {
    this.#atWork--;
    if (this.#atWork > 0 || this.#items.length > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}
