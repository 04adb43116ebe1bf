import { runLanes } from "./run-lanes.ts";

/** Something that one lane does. */
export type Task<Lane> = (lane: Lane) => Promise<void>;

/** Tasks for several lanes. A task may add others, which are begun before those that wait. */
export class TaskQueue<Lane> {
  /** The next one is the last. */
  readonly #tasks: Task<Lane>[];
  readonly #idle = new Set<() => void>();
  #running = 0;
  #isOver = false;

  constructor(tasks: readonly Task<Lane>[]) {
    this.#tasks = tasks.toReversed();
  }

  addFirst(tasks: readonly Task<Lane>[]): void {
    this.#tasks.push(...tasks.toReversed());
    this.#wake();
  }

  /**
   * Has all lanes work until nothing is left. After a failure nothing is begun any more, and `stop` must end what runs.
   * @throws what failed first
   */
  async run(lanes: readonly Lane[], stop: () => Promise<void>): Promise<void> {
    const work = async (lane: Lane): Promise<void> => {
      for (let task = await this.#next(); task !== undefined; task = await this.#next()) {
        await task(lane);
        this.#running--;
      }
    };
    await runLanes(lanes, work, async () => {
      this.#isOver = true;
      this.#wake();
      await stop();
    });
  }

  async #next(): Promise<Task<Lane> | undefined> {
    for (;;) {
      const task = this.#isOver ? undefined : this.#tasks.pop();
      if (task !== undefined) {
        this.#running++;
        return task;
      }
      // What runs may add others.
      if (this.#isOver || this.#running === 0) {
        this.#wake();
        return undefined;
      }
      await new Promise<void>((resolve) => this.#idle.add(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#idle) wake();
    this.#idle.clear();
  }
}
