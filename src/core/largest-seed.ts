/** Of random choices: what can be said over the phone, and is exact in JSON everywhere. */
export const LARGEST_SEED = 2 ** 32 - 1;
