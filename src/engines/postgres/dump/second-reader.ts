import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { CatalogQuestions } from "../objects/catalog-queries.ts";
import { beginInSnapshot, catalogSession, type DumpSession, exportSnapshot } from "./dump-session.ts";

/**
 * From so many tables on, catalogues are read over two connections, if as many may copy: the server takes longer for its
 * part than we do for ours, and has another processor. With 10,000 tables reading takes a third less time; with fewer than this
 * the gain is not worth a session.
 */
export const manyTables = 2000;

/**
 * Functions that print expressions lock the table for a moment. Behind somebody who waits for a stronger lock, and so for
 * the end of this dump, they would wait for ever; the dump's own session has the lock already.
 */
const longestWait = "SET lock_timeout = '100ms'";

/**
 * A second connection in the snapshot of a dump, where half of the catalogues is read. What cannot be had there, for whatever
 * reason, is asked over the first, which says what is wrong if it cannot be had at all.
 */
export class SecondReader implements AsyncDisposable {
  readonly #connect: () => Promise<PgConnection>;
  readonly #from: number;
  #connection: Promise<PgConnection | undefined> | undefined;
  #closed: Promise<void> | undefined;

  /**
   * @param connect opens another connection like the dump's, to the same server
   * @param from for fewer tables there is none
   */
  constructor(connect: () => Promise<PgConnection>, from: number) {
    this.#connect = connect;
    this.#from = from;
  }

  /** To be called as soon as the number of tables is known: it connects while they are locked. */
  expect(tables: number): void {
    if (tables >= this.#from) this.#connection = this.#connect().catch(() => undefined);
  }

  get isExpected(): boolean {
    return this.#connection !== undefined;
  }

  /** The session, which then asks here what is asked aside. */
  beside(session: DumpSession): DumpSession {
    if (this.#connection === undefined) return session;
    const second = joined(session, this.#connection);
    const asked = async <Answer>(there: (questions: CatalogQuestions) => Promise<Answer>): Promise<Answer> => {
      const questions = await second;
      return await (questions === undefined ? there(session) : there(questions).catch(() => there(session)));
    };
    const aside: CatalogQuestions = {
      rows: (sql) => asked(({ rows }) => rows(sql)),
      integers: (sql, columns) => asked(({ integers }) => integers(sql, columns)),
    };
    return { ...session, aside };
  }

  /** To be called when all is asked. Answers when the server was told; whoever disposes of it waits until it is closed. */
  async end(): Promise<void> {
    const connection = await this.#connection;
    this.#closed ??= connection?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.#closed;
  }
}

async function joined(
  session: DumpSession,
  second: Promise<PgConnection | undefined>,
): Promise<CatalogQuestions | undefined> {
  const [snapshot, connection] = await Promise.all([exportSnapshot(session), second]);
  if (connection === undefined) return undefined;
  try {
    await beginInSnapshot(connection, [...session.settings, longestWait], snapshot);
    return catalogSession(connection);
  } catch {
    return undefined;
  }
}
