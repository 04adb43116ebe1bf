import { CopyOutScanner } from "../../../wire/postgres/copy-out-scanner.ts";
import { type ComparisonSession, withoutLocks } from "./comparison-session.ts";
import type { RowHash } from "./row-hash.ts";
import { digestSql, type RowPair, type RowText, rowTextSql, valuesSql } from "./row-pair.ts";
import type { RowSource } from "./row-source.ts";
import type { RowTotals } from "./row-totals.ts";

/** What was agreed between both sides. */
export interface RowComparison {
  readonly hash: RowHash;
  readonly text: RowText;
  /** Where rows become numbers. */
  readonly hashOn: HashPlace;
}

/**
 * `client`: rows come here as COPY text and are hashed with XXH3-128. `server`: each server hashes its own, and only sums
 * travel. Measured with 5,000,000 rows, 830 MB as text, PostgreSQL 18, one core, all in memory: COPY takes 7.9 s of the
 * server and 2.0 s here; the fastest SQL that tells all rows apart, 20 s (of an md5 of it, 22 to 26 s) and nothing here.
 * So rows come here, unless the wire is the slow part.
 *
 * Either way the sums of two different sets of rows are the same once in 2^128 times, and their numbers must be the same,
 * too. No hash of either kind withstands somebody who makes rows to deceive it.
 */
export type HashPlace = "client" | "server";

/** Memory of the scanner of one session: what it reads into, and blocks whose rows nobody needs. */
const scannerMemory = { blocks: 2, blockSize: 1024 * 1024 };

/** Reads all rows behind `from` (SQL) of a session and adds up their hashes. One for each session. */
export class TotalsReader {
  readonly session: ComparisonSession;
  readonly #how: RowComparison;
  readonly #scanner: CopyOutScanner | undefined;

  constructor(session: ComparisonSession, how: RowComparison) {
    this.session = session;
    this.#how = how;
    const transport = session.connection.transportKind;
    this.#scanner = how.hashOn === "client" ? new CopyOutScanner({ transport, memory: scannerMemory }) : undefined;
  }

  /** @param settings SQL that holds for this one statement */
  async read(source: RowSource, { columns }: RowPair, from: string, settings: string): Promise<RowTotals> {
    if (this.#scanner === undefined) return await this.#onServer(source, columns, from, settings);
    return await this.#here(source, columns, from, settings, this.#scanner);
  }

  /** The statements around the COPY are sent with it, so that small tables cost one round trip. */
  async #here(
    source: RowSource,
    columns: readonly string[],
    from: string,
    settings: string,
    scanner: CopyOutScanner,
  ): Promise<RowTotals> {
    const { connection } = this.session;
    const copy = `copy (select ${valuesSql(source, columns, this.#how.text).join(", ")} from ${from}) to stdout`;
    await scanner.ready();
    scanner.start({ isIdle: true, push: (block) => scanner.recycle(block) });
    const answers: Promise<unknown>[] = [];
    connection.together(() => {
      answers.push(connection.query(`savepoint reading;${settings}`));
      answers.push(connection.copyOut(copy, scanner));
      answers.push(connection.query("rollback to savepoint reading; release savepoint reading"));
    });
    const failure = (await Promise.allSettled(answers)).find((answer) => answer.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    const { rows, checksum } = scanner.finish();
    return { rows, sums: [BigInt(`0x${checksum}`)] };
  }

  async #onServer(source: RowSource, columns: readonly string[], from: string, settings: string): Promise<RowTotals> {
    const { hash, text } = this.#how;
    const digest = digestSql(rowTextSql(source, columns, text), hash, text);
    const [high, low] = hash.numbers("digest");
    // OFFSET 0 keeps the planner from computing the digest once for each sum.
    const sql = `${settings} select count(*), sum(${high}), sum(${low})
      from (select ${digest} as digest from ${from} offset 0) as row`;
    const { rows } = await this.session.connection.query(withoutLocks(sql));
    const [count, ...sums] = rows[0]!;
    return { rows: Number(count), sums: sums.map((sum) => BigInt.asUintN(128, BigInt(sum ?? 0))) };
  }
}
