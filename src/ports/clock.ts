/** Time, so that tests can choose it. */
export interface Clock {
  now(): Date;
  /** Milliseconds that only grow, for durations. */
  monotonic(): number;
}
