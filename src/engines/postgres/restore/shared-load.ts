import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { CopyIn } from "../../../wire/postgres/exchanges/copy-in-exchange.ts";

/**
 * A session gets so many bytes before the next has its turn: less than the buffers of a socket hold, so that the server
 * always finds rows there while others get theirs.
 */
const TURN_BYTES = 128 * 1024;
const LINE_FEED = 0x0a;

/** A session in its transaction, and the COPY that runs in it. */
interface Lane {
  readonly connection: PgConnection;
  readonly copy: CopyIn;
}

/**
 * The rows of one table on their way, over one session first, and over each that joins while they come. The server spends
 * most of a restore's time on parsing and storing rows, on one processor for each session. All commit when all have
 * ended; until then each can undo its part.
 *
 * Only for tables that the same restore has created and that have no unique index or trigger yet: a session that has to
 * wait for another one's commit would wait forever.
 */
export class SharedLoad {
  /** COPY ... FROM stdin */
  readonly sql: string;
  readonly #commit: string;
  readonly #lanes: Lane[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #isOpen = true;
  /** Whose turn it is. */
  #turn = 0;
  #sentInTurn = 0;

  private constructor(sql: string, commit: string) {
    this.sql = sql;
    this.#commit = commit;
  }

  /** @param commit how the session that begins commits, after all others */
  static async start(connection: PgConnection, sql: string, commit = "COMMIT"): Promise<SharedLoad> {
    const load = new SharedLoad(sql, commit);
    await load.#open(connection);
    return load;
  }

  /** Takes part with a session until all rows are there or the load has failed, which is told to who began it. */
  async join(connection: PgConnection): Promise<void> {
    await this.#open(connection);
    await this.#ended.promise;
  }

  /** Rows cut anywhere; a session gets whole ones. Resolves when the memory may be used again. */
  async write(rows: Uint8Array): Promise<void> {
    const rest = this.#lanes.length > 1 && this.#sentInTurn >= TURN_BYTES ? await this.#nextTurn(rows) : rows;
    this.#sentInTurn += rest.length;
    await this.#lanes[this.#turn]!.copy.write(rest);
  }

  /** Ends and commits the parts of all sessions. */
  async end(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#lanes.map(({ copy }) => copy.end()));
    const [first, ...others] = this.#lanes;
    await Promise.all(others.map(({ connection }) => connection.query("COMMIT")));
    await first!.connection.query(this.#commit);
    this.#ended.resolve();
  }

  /** Undoes the parts of all sessions. */
  async fail(reason: string): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#lanes.map((lane) => undo(lane, reason)));
    this.#ended.resolve();
  }

  /** The rest of the row that is under way goes where it began; answers what comes behind it. */
  async #nextTurn(rows: Uint8Array): Promise<Uint8Array> {
    const end = rows.indexOf(LINE_FEED) + 1;
    // A row that is larger than this piece goes on.
    if (end === 0) return rows;
    await this.#lanes[this.#turn]!.copy.write(rows.subarray(0, end));
    this.#turn = (this.#turn + 1) % this.#lanes.length;
    this.#sentInTurn = 0;
    return rows.subarray(end);
  }

  async #open(connection: PgConnection): Promise<void> {
    await connection.query("BEGIN");
    const lane = { connection, copy: await connection.copyIn(this.sql) };
    if (this.#isOpen) this.#lanes.push(lane);
    else await undo(lane, "all rows were there already");
  }
}

/** A session that is gone has undone its part. */
async function undo({ connection, copy }: Lane, reason: string): Promise<void> {
  await copy.fail(reason).catch(() => undefined);
  await connection.query("ROLLBACK").catch(() => undefined);
}
