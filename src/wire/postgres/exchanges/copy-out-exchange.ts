import type { CopyOutConsumer } from "../copy-out-consumer.ts";
import { Exchange, type ExchangeControl } from "./exchange.ts";
import { rowsOfTag } from "./rows-of-tag.ts";

/** A COPY ... TO STDOUT that was sent. */
export interface CopyOut {
  /**
   * Gives the data to `consumer`, and resolves when all of it was consumed. Called once. A consumer that fails ends the
   * connection.
   */
  to(consumer: CopyOutConsumer): Promise<{ readonly rows: number }>;
}

/** COPY ... TO STDOUT: the link gives the data to the consumer, and reads nothing until there is one. */
export class CopyOutExchange extends Exchange<{ readonly rows: number }> implements CopyOut {
  readonly #consumer = Promise.withResolvers<CopyOutConsumer>();

  constructor(statement: string, control: ExchangeControl) {
    super(statement, control);
    // It may fail before somebody waits for it, or when nobody does any more because an earlier one failed.
    this.outcome.catch(() => {});
  }

  to(consumer: CopyOutConsumer): Promise<{ readonly rows: number }> {
    this.#consumer.resolve(consumer);
    return this.outcome;
  }

  protected override onCopyOut(): void {
    this.control.hold(this.#consumer.promise.then((consumer) => this.control.startCopyOut(consumer)));
  }

  protected override result(): { readonly rows: number } {
    return { rows: rowsOfTag(this.commandTag) };
  }
}
