import { seededRandom } from "../helpers/seeded-random.ts";
import { asProcess } from "./simulated-surroundings.ts";

/** Real ones: the world replaces those of the process while it lasts. */
const realImmediate = setImmediate;
const realTimeout = setTimeout;

/** Never resolves: what a process that is dead waits for. */
const never = new Promise<never>(() => {});
/** So many times in a row nothing but the real world is waited for (a module that is loaded) before that is a fault. */
const MAX_IDLE = 3000;

/** A process of the world. When it dies, no call of it is ever answered again. */
export interface SimulatedProcess {
  readonly name: string;
  isAlive: boolean;
}

interface Call {
  readonly process: SimulatedProcess;
  readonly what: string;
  run(): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** What becomes of a call. */
export type Fate =
  | { readonly kind: "done" }
  /** It is not done, and says so. */
  | { readonly kind: "fails"; readonly error: Error }
  /** It is done, and nobody hears of it. */
  | { readonly kind: "answerLost"; readonly error: Error }
  /** Its process dies, before or after it is done. */
  | { readonly kind: "dies"; readonly isDone: boolean };

/**
 * Runs processes that share a world, one call after another, in an order that a seed decides: nothing happens beside each other, and the
 * same seed is the same history.
 */
export class SimulatedWorld {
  readonly random: () => number;
  /** Milliseconds since 1970. */
  now: number;
  /** Decides what becomes of a call. */
  fateOf: (process: SimulatedProcess, what: string) => Fate = () => ({ kind: "done" });
  /** What happened, for whoever looks into a seed. */
  readonly trace: string[] = [];
  #calls: Call[] = [];
  #timers: Timer[] = [];
  #living = new Map<Promise<unknown>, SimulatedProcess>();

  constructor(seed: number, now: number) {
    this.random = seededRandom(seed * 2_654_435_761 + 12_345);
    for (let warm = 0; warm < 8; warm++) this.random();
    this.now = now;
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  isChance(share: number): boolean {
    return this.random() < share;
  }

  /** A call of a process to what lies outside of it. Its turn comes. */
  call<R>(process: SimulatedProcess, what: string, run: () => R): Promise<R> {
    if (!process.isAlive) return never;
    return new Promise<R>((resolve, reject) => {
      this.#calls.push({ process, what, run, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** @returns how to stop it */
  after(milliseconds: number, run: () => void): () => void {
    // Whole ones, as file systems and clocks tell.
    const timer = { at: this.now + Math.ceil(milliseconds), run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Begins what a process does. Its end, good or bad, is told to `ended`; of one that died nothing is told. */
  start(process: SimulatedProcess, task: () => Promise<void>): void {
    const running = asProcess(process, task).finally(() => {
      this.#living.delete(running);
      // With the process all goes that it still holds.
      if (process.isAlive) this.kill(process);
    });
    this.#living.set(running, process);
    running.catch(() => {});
  }

  /** Ends a process as kill -9 does. */
  kill(process: SimulatedProcess): void {
    process.isAlive = false;
    this.#calls = this.#calls.filter((call) => call.process !== process);
    for (const [running, owner] of this.#living) if (owner === process) this.#living.delete(running);
  }

  /** Lets all processes run until they have ended, or the limit of calls is reached. @returns whether all have ended */
  async run(limit = 100_000): Promise<boolean> {
    let idle = 0;
    for (let done = 0; done < limit; ) {
      await new Promise((resolve) => realImmediate(resolve));
      if (this.#calls.length > 0) {
        idle = 0;
        done++;
        this.now += 1 + this.below(20);
        this.#fireTimers();
        this.#perform(this.#calls.splice(this.below(this.#calls.length), 1)[0]!);
      } else if (this.#living.size === 0) return true;
      else if (this.#timers.length > 0) {
        idle = 0;
        this.now = Math.max(this.now, Math.min(...this.#timers.map(({ at }) => at)));
        this.#fireTimers();
      } else {
        if (++idle > MAX_IDLE) throw new Error("the processes wait for nothing");
        await new Promise((resolve) => realTimeout(resolve, 1));
      }
    }
    return false;
  }

  #fireTimers(): void {
    const due = this.#timers.filter(({ at }) => at <= this.now);
    if (due.length === 0) return;
    this.#timers = this.#timers.filter(({ at }) => at > this.now);
    for (const { run } of due.toSorted((a, b) => a.at - b.at)) run();
  }

  #perform(call: Call): void {
    const { process, what } = call;
    const fate = this.fateOf(process, what);
    this.trace.push(`${process.name} ${what}${fate.kind === "done" ? "" : ` ${fate.kind}`}`);
    if (fate.kind === "fails") {
      call.reject(fate.error);
      return;
    }
    if (fate.kind === "dies" && !fate.isDone) {
      this.kill(process);
      return;
    }
    let value: unknown;
    try {
      value = call.run();
    } catch (error) {
      if (fate.kind === "dies") {
        this.kill(process);
        return;
      }
      call.reject(error);
      return;
    }
    if (fate.kind === "dies") {
      this.kill(process);
      return;
    }
    if (fate.kind === "answerLost") {
      call.reject(fate.error);
      return;
    }
    call.resolve(value);
  }
}
