import { AsyncLocalStorage } from "node:async_hooks";
import { ownWorks } from "../../src/storage/object/living-record.ts";
import type { SimulatedProcess } from "./simulated-world.ts";

const running = new AsyncLocalStorage<SimulatedProcess>();

/** Runs what a process does, so that its surroundings are known wherever it goes on. */
export function asProcess<R>(process: SimulatedProcess, run: () => R): R {
  return running.run(process, run);
}

/**
 * What is one for a real process, and must be another one for each simulated: the works that are its own, and the folder of its state.
 * @param stateFolderOf where a process keeps its locks
 */
export function simulateSurroundings(stateFolderOf: (process: SimulatedProcess) => string): Disposable {
  const works = new WeakMap<SimulatedProcess, Set<string>>();
  const own = (): Set<string> => {
    const process = running.getStore();
    if (process === undefined) throw new Error("no process is running");
    const known = works.get(process) ?? new Set();
    works.set(process, known);
    return known;
  };
  const replaced: Partial<Set<string>> = {
    has: (id) => own().has(id),
    add: (id) => {
      own().add(id);
      return ownWorks;
    },
    delete: (id) => own().delete(id),
  };
  Object.assign(ownWorks, replaced);
  const { env } = process;
  process.env = new Proxy(env, {
    get(target, name) {
      const simulated = name === "XDG_STATE_HOME" ? running.getStore() : undefined;
      return simulated === undefined ? Reflect.get(target, name) : stateFolderOf(simulated);
    },
  });
  return {
    [Symbol.dispose]: () => {
      process.env = env;
      for (const name of Object.keys(replaced)) Reflect.deleteProperty(ownWorks, name);
    },
  };
}
