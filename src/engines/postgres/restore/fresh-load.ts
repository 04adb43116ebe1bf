import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { CopyIn } from "../../../wire/postgres/exchanges/copy-in-exchange.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";

/**
 * The rows of a table that the same restore has created, as COPY is cheapest for the server: into storage that the same
 * transaction has made. With `wal_level = minimal` the rows are then not logged (the file is synchronized when the
 * transaction ends), and they are stored frozen, so that the first vacuum has nothing to rewrite. Others see the table
 * empty, and must wait for it, until all rows are there: nobody sees some of them.
 *
 * Only outside of transactions, and never for tables that may hold rows already: it begins with TRUNCATE.
 */
export class FreshLoad {
  readonly #connection: PgConnection;
  readonly #copy: CopyIn;
  readonly #commit: string;

  private constructor(connection: PgConnection, copy: CopyIn, commit: string) {
    this.#connection = connection;
    this.#copy = copy;
    this.#commit = commit;
  }

  /**
   * @param table its quoted name
   * @param sql `COPY ... FROM stdin;`
   * @param commit how it ends
   * @returns undefined when the server does not let us empty the table, which says nothing about its rows
   */
  static async start(
    connection: PgConnection,
    table: string,
    sql: string,
    commit = "COMMIT",
  ): Promise<FreshLoad | undefined> {
    try {
      await connection.query(`BEGIN; TRUNCATE TABLE ONLY ${table}`);
    } catch (error) {
      if (!isAnswer(error)) throw error;
      await connection.query("ROLLBACK");
      return undefined;
    }
    try {
      return new FreshLoad(connection, await connection.copyIn(frozen(sql)), commit);
    } catch (error) {
      if (isAnswer(error)) await connection.query("ROLLBACK");
      throw error;
    }
  }

  write(rows: Uint8Array): Promise<void> {
    return this.#copy.write(rows);
  }

  async end(): Promise<void> {
    await this.#copy.end();
    await this.#connection.query(this.#commit);
  }

  /** A session that is gone has undone it. */
  async fail(reason: string): Promise<void> {
    await this.#copy.fail(reason).catch(() => undefined);
    await this.#connection.query("ROLLBACK").catch(() => undefined);
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof ServerError && error.code === "SERVER";
}

/** The statement was found to end like that when the restore was planned. */
function frozen(sql: string): string {
  return sql.replace(/;\s*$/, " WITH (FREEZE)");
}
