/** How many there are: some 330,000 rows together, which a small machine makes in about three seconds. */
export const customers = 8_000;
export const addresses = 10_000;
export const products = 2_000;
export const movements = 20_000;
/** One about every 19 minutes: eighteen months of orders. */
export const orders = 40_000;
export const reviews = 8_000;
export const sessions = 5_000;
export const pageViews = 30_000;

/** Product numbers begin at 100 and go in steps of five: the `n`th of them, as SQL. */
export const productId = (n: string): string => `95 + ${n} * 5`;

/** A product by chance. `salt` tells one column from the others, `i` is the number of the row. */
export const someProduct = (salt: number, i: string): string => `100 + 5 * pg_temp.pick(${salt}, ${i}, ${products})`;
