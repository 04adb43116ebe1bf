import type { CopyOutConsumer } from "../copy-out-consumer.ts";
import { Exchange, type ExchangeControl } from "./exchange.ts";
import { rowsOfTag } from "./rows-of-tag.ts";

/** COPY ... TO STDOUT: the link gives the data to the consumer. */
export class CopyOutExchange extends Exchange<{ readonly rows: number }> {
  readonly #consumer: CopyOutConsumer;

  constructor(doing: string, control: ExchangeControl, consumer: CopyOutConsumer) {
    super(doing, control);
    this.#consumer = consumer;
  }

  protected override onCopyOut(): void {
    this.control.startCopyOut(this.#consumer);
  }

  protected override result(): { readonly rows: number } {
    return { rows: rowsOfTag(this.commandTag) };
  }
}
