import type { RestoreRequest } from "../../../ports/restore.ts";
import type { EntrySession } from "./entry-session.ts";
import type { SelectedEntry } from "./select/select-entries.ts";

/**
 * So many definitions are made in one transaction where nobody asked for another number: servers make each transaction durable
 * by itself, which takes longer than to make a table. Far fewer than `max_locks_per_transaction` (64) times
 * `max_connections` allow: each entry makes a few relations at most.
 */
const DEFINITIONS_TOGETHER = 64;

/** One transaction around everything, one around so many entries each, or around definitions alone. */
export class Transactions {
  readonly #session: EntrySession;
  readonly #size: number | undefined;
  readonly #joinsDefinitions: boolean;
  #count = 0;

  /** @param mayJoin whether what a transaction forgets when it fails need not be known */
  constructor(
    session: EntrySession,
    { singleTransaction, transactionSize, onError }: RestoreRequest,
    mayJoin: boolean,
  ) {
    this.#session = session;
    this.#size = singleTransaction ? Number.POSITIVE_INFINITY : transactionSize;
    this.#joinsDefinitions = mayJoin && onError === "stop";
  }

  /** Before objects are dropped, when that must be undone with the rest. */
  async beginAll(): Promise<void> {
    if (this.#size === Number.POSITIVE_INFINITY) await this.#begin();
  }

  async around(selected: SelectedEntry, restore: () => Promise<unknown>): Promise<void> {
    const size = this.#size ?? (this.#joinsDefinitions && isDefinition(selected) ? DEFINITIONS_TOGETHER : 0);
    if (size === 0) await this.commit();
    else if (!this.#session.isInTransaction) await this.#begin();
    await restore();
    this.#count += 1;
    if (this.#count >= size) await this.commit();
  }

  /** Everything that `work` does, or nothing. */
  async inOne(work: () => Promise<void>): Promise<void> {
    await this.#begin();
    await work();
    await this.commit();
  }

  async commit(): Promise<void> {
    if (!this.#session.isInTransaction) return;
    await this.#session.connection.query("COMMIT");
    this.#session.isInTransaction = false;
    this.#count = 0;
  }

  async #begin(): Promise<void> {
    await this.#session.connection.query("BEGIN");
    this.#session.isInTransaction = true;
  }
}

/** Large objects are locked one by one, and may be a thousand in one entry. */
function isDefinition({ entry: { section, desc, tag, hadDumper } }: SelectedEntry): boolean {
  const isOfLargeObjects = desc.startsWith("BLOB") || tag.startsWith("LARGE OBJECT");
  return (section === "pre-data" || section === "none") && !hadDumper && !isOfLargeObjects;
}
