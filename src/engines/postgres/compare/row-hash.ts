import { BackupError } from "../../../core/backup-error.ts";
import type { ComparisonSession } from "./comparison-session.ts";

/** How rows become numbers, the same on both servers. Each gives SQL for SQL. */
export interface RowHash {
  /** Hexadecimal digest of a text. */
  digest(text: string): string;
  /** Two independent 64-bit numbers of a digest: their sums over all rows do not depend on the order. */
  numbers(digest: string): readonly [high: string, low: string];
}

const digests: readonly RowHash["digest"][] = [
  (text) => `md5(${text})`,
  // Servers in FIPS mode have no md5; sha256() came with PostgreSQL 11.
  (text) => `encode(sha256(convert_to(${text}, getdatabaseencoding())), 'hex')`,
];

const numberings: readonly RowHash["numbers"][] = [
  // Half the time of the other one, but new in PostgreSQL 11, and not the same on processors of other byte order.
  (digest) => [`hashtextextended(${digest}, 0)`, `hashtextextended(${digest}, 1)`],
  (digest) => [
    `('x' || substr(${digest}, 1, 16))::bit(64)::bigint`,
    `('x' || substr(${digest}, 17, 16))::bit(64)::bigint`,
  ],
];

/** Finds the fastest way that both servers know and that gives the same on both. Call it outside a transaction. */
export async function chooseRowHash(left: ComparisonSession, right: ComparisonSession): Promise<RowHash> {
  const works = async (sql: string): Promise<boolean> => {
    const [a, b] = await Promise.all([answersOf(left, sql), answersOf(right, sql)]);
    return a !== undefined && a === b;
  };
  const digest = await firstThat(digests, (make) => works(make("'probe'")));
  const numbers = await firstThat(numberings, (make) => works(make(digest("'probe'")).join(", ")));
  return { digest, numbers };
}

/** The first that works; the last one when none does: its own error is what the user should see. */
async function firstThat<T>(candidates: readonly T[], works: (candidate: T) => Promise<boolean>): Promise<T> {
  for (const candidate of candidates) if (await works(candidate)) return candidate;
  return candidates.at(-1)!;
}

/** What a server answers; nothing when it does not know how. */
async function answersOf({ connection }: ComparisonSession, sql: string): Promise<string | undefined> {
  try {
    return (await connection.query(`select ${sql}`)).rows[0]!.join();
  } catch (error) {
    if (connection.transactionStatus !== "I" || !(error instanceof BackupError) || error.code !== "SERVER") throw error;
    return undefined;
  }
}
