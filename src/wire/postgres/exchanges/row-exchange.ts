import { readDataRow } from "../messages/backend-messages.ts";
import type { MessageView } from "../messages/message-view.ts";
import { Exchange, type ExchangeControl } from "./exchange.ts";

export type RowHandler = (row: (string | null)[]) => void | Promise<void>;

/** Rows one at a time. When the handler answers a promise, nothing more is read until it settles. */
export class RowExchange extends Exchange<{ readonly commandTag: string }> {
  readonly #onRow: RowHandler;

  constructor(statement: string, control: ExchangeControl, onRow: RowHandler) {
    super(statement, control);
    this.#onRow = onRow;
  }

  protected override onRow(message: MessageView): void {
    if (this.hasFailed) return;
    const row = readDataRow(message, this.control.text);
    try {
      const wait = this.#onRow(row);
      if (wait !== undefined) this.control.hold(wait.catch((error: unknown) => this.#stop(error as Error)));
    } catch (error) {
      this.#stop(error as Error);
    }
  }

  protected override result(): { readonly commandTag: string } {
    return { commandTag: this.commandTag };
  }

  /** The handler failed: the rest of the rows is of no use, so the server need not make them. */
  #stop(error: Error): void {
    this.setFailure(error);
    this.control.requestCancel();
  }
}
