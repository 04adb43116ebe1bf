import type { MessageView } from "../messages/message-view.ts";
import { Exchange, type ExchangeControl } from "./exchange.ts";

/** Values in text form; SQL NULL is null. */
export type RowValues = readonly (string | null)[];

export interface QueryResult<Row = RowValues> {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** As the server says it: `SELECT 3`, `CREATE TABLE`. */
  readonly commandTag: string;
}

/** All rows of the last statement that gave rows. */
export class QueryExchange<Row> extends Exchange<QueryResult<Row>> {
  readonly #readRow: (message: MessageView) => Row;
  #columns: string[] = [];
  #rows: Row[] = [];
  #tagOfRows: string | undefined;
  #collecting = false;

  /** @param readRow what is kept of a DataRow message */
  constructor(statement: string, control: ExchangeControl, readRow: (message: MessageView) => Row) {
    super(statement, control);
    this.#readRow = readRow;
  }

  protected override onColumns(columns: string[]): void {
    this.#columns = columns;
    this.#rows = [];
    this.#collecting = true;
  }

  protected override onRow(message: MessageView): void {
    this.#rows.push(this.#readRow(message));
  }

  protected override onCommandComplete(): void {
    if (this.#collecting) this.#tagOfRows = this.commandTag;
    this.#collecting = false;
  }

  protected override result(): QueryResult<Row> {
    return { columns: this.#columns, rows: this.#rows, commandTag: this.#tagOfRows ?? this.commandTag };
  }
}
