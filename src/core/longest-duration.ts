/** Seconds that Node.js can wait for, nearly 25 days: longer timers would fire at once. */
export const LONGEST_DURATION = Math.floor((2 ** 31 - 1) / 1000);
