/**
 * Milliseconds that only grow, for durations. Not `performance.now()`: the first use of `performance` loads modules of
 * Node's for 8 ms, a tenth of the time until a server is asked for its first answer.
 */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
