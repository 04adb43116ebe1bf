import { Exchange } from "./exchange.ts";

export interface QueryResult {
  readonly columns: readonly string[];
  /** Values in text form; SQL NULL is null. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** As the server says it: `SELECT 3`, `CREATE TABLE`. */
  readonly commandTag: string;
}

/** All rows of the last statement that gave rows. */
export class QueryExchange extends Exchange<QueryResult> {
  #columns: string[] = [];
  #rows: (string | null)[][] = [];
  #tagOfRows: string | undefined;
  #collecting = false;

  protected override onColumns(columns: string[]): void {
    this.#columns = columns;
    this.#rows = [];
    this.#collecting = true;
  }

  protected override onRow(row: (string | null)[]): void {
    this.#rows.push(row);
  }

  protected override onCommandComplete(): void {
    if (this.#collecting) this.#tagOfRows = this.commandTag;
    this.#collecting = false;
  }

  protected override result(): QueryResult {
    return { columns: this.#columns, rows: this.#rows, commandTag: this.#tagOfRows ?? this.commandTag };
  }
}
