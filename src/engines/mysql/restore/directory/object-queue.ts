import type { DirectoryObject } from "../../directory/directory-index.ts";
import type { JobQueue } from "./load-queue.ts";

/** Objects that can be made beside each other, in their order. */
export class ObjectQueue implements JobQueue<DirectoryObject> {
  readonly #objects: readonly DirectoryObject[];
  #next = 0;
  #running = 0;
  #isStopped = false;

  constructor(objects: readonly DirectoryObject[]) {
    this.#objects = objects;
  }

  get isDone(): boolean {
    return this.#isStopped || (this.#next === this.#objects.length && this.#running === 0);
  }

  stop(): void {
    this.#isStopped = true;
  }

  begin(): DirectoryObject | undefined {
    if (this.#isStopped || this.#next === this.#objects.length) return undefined;
    this.#running += 1;
    return this.#objects[this.#next++];
  }

  end(): void {
    this.#running -= 1;
  }
}
