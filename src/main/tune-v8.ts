import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/**
 * Where V8 keeps new objects grows to 128 MiB while a catalogue of ten thousand tables is read, and never becomes smaller:
 * a third of the memory of such a dump. With 4 MiB (two halves) it takes no more time: 2.7 s of CPU for 4,000 tables, as with
 * 8 MiB, which cost 5 MiB of memory.
 */
const LARGEST_YOUNG_GENERATION = 4 * 1024 * 1024;
/** It doubles at most once in so short a time. */
const POLL_MS = 5;

/**
 * Calls of a function before V8 compiles it for the highest speed (its own default is 3,000). A dump of ten thousand tables
 * runs much code for a moment each, and spent a sixth of its CPU time on compiling it; so it takes 7 % less in all. What is busy
 * for long, with rows, is WebAssembly, which this does not touch: dumps and restores of rows take what they took. V8's efficiency
 * mode takes a sixth less for definitions alone, and 90 MiB more memory for all of such a database.
 */
const CALLS_BEFORE_TURBOFAN = 40_000;

/** Settings of V8 for programs that run for seconds, in little memory. To be called first. */
export function tuneV8(): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${CALLS_BEFORE_TURBOFAN}`);
  limitYoungGeneration();
}

/**
 * Ends the growth of the space of new objects. Node has a flag for its largest size, but reads it before we run: it is
 * watched until it is large enough, and then told to grow no more.
 */
function limitYoungGeneration(): void {
  const poll = setInterval(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    if (space === undefined || space.space_size < LARGEST_YOUNG_GENERATION) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    clearInterval(poll);
  }, POLL_MS);
  poll.unref();
}
