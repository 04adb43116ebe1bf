import type { RowTotals } from "../../../core/row-totals.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { passRows, type StoredRows } from "./checked-rows.ts";

export interface TableLoad extends StoredRows {
  readonly connection: PgConnection;
  /** `COPY ... FROM stdin` */
  readonly sql: string;
}

/** Streams rows in any form that COPY takes; answers how many the server says they were. */
export async function passUnread(
  connection: PgConnection,
  { sql, rows }: { readonly sql: string; readonly rows: AsyncIterable<Buffer> },
  onBytes: (count: number) => void,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const copy = await connection.copyIn(sql);
  let bytes = 0;
  try {
    for await (const piece of rows) {
      await copy.write(piece);
      bytes += piece.length;
      onBytes(piece.length);
    }
    return { ...(await copy.end()), bytes };
  } catch (error) {
    // After an answer of the server this does nothing more.
    await copy.fail("the rows cannot be read").catch(() => undefined);
    throw error;
  }
}

/**
 * Streams rows of an archive or a script into a table, counting and checking them on the way. What does not match the
 * metadata, or ends too early, is undone by the server: the table keeps what it had.
 * @throws BackupError DAMAGED, or what the server says
 */
export async function loadTable(load: TableLoad): Promise<RowTotals> {
  const copy = await load.connection.copyIn(load.sql);
  try {
    const totals = await passRows(load, (rows) => copy.write(rows));
    await copy.end();
    return totals;
  } catch (error) {
    // After an answer of the server this does nothing more.
    await copy.fail("the rows cannot be read").catch(() => undefined);
    throw error;
  }
}
