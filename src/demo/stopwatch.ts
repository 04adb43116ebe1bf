import type { Clock } from "../ports/clock.ts";

/** Each call answers the seconds since the one before. */
export function stopwatch(clock: Clock): () => number {
  let last = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
