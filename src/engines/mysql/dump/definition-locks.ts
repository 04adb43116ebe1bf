import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { Relation } from "../objects/read-relations.ts";

/** Definitions of so many small tables are held together: two statements for each would take as long as its rows. */
const mostTables = 32;
/** By the server's estimate, in bytes. */
const large = 1024 * 1024;

/**
 * A transaction keeps the definitions of all tables that it read from being changed. This gives those back that are not
 * needed any more: nobody waits for a table longer than it is read, or than a few small ones are. The snapshot stays.
 */
export class DefinitionLocks {
  readonly #session: MysqlConnection;
  #held = 0;

  constructor(session: MysqlConnection) {
    this.#session = session;
  }

  /** Call it before each table. */
  async before({ bytes }: Relation): Promise<void> {
    if (this.#held >= mostTables || bytes > large) await this.release();
    if (this.#held === 0) await this.#session.query("SAVEPOINT dbb");
    this.#held = bytes > large ? mostTables : this.#held + 1;
  }

  async release(): Promise<void> {
    if (this.#held > 0) await this.#session.query("ROLLBACK TO SAVEPOINT dbb");
    this.#held = 0;
  }
}
