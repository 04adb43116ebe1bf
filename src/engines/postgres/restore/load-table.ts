import type { RowTotals } from "../../../core/row-totals.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { CopyIn } from "../../../wire/postgres/exchanges/copy-in-exchange.ts";
import { passRows, type StoredRows } from "./checked-rows.ts";

export interface TableLoad extends StoredRows {
  readonly connection: PgConnection;
  /** `COPY ... FROM stdin` */
  readonly sql: string;
}

/** Streams rows in any form that COPY takes; answers how many the server says they were. */
export function passUnread(
  connection: PgConnection,
  { sql, rows }: { readonly sql: string; readonly rows: AsyncIterable<Buffer> },
  onBytes: (count: number) => void,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  return copying(connection, sql, async (copy) => {
    let bytes = 0;
    for await (const piece of rows) {
      await copy.write(piece);
      bytes += piece.length;
      onBytes(piece.length);
    }
    return { ...(await copy.end()), bytes };
  });
}

/**
 * Streams rows of an archive or a script into a table, counting and checking them on the way. What does not match the
 * metadata, or ends too early, is undone by the server: the table keeps what it had.
 * @throws BackupError DAMAGED, or what the server says
 */
export function loadTable(load: TableLoad): Promise<RowTotals> {
  return copying(load.connection, load.sql, async (copy) => {
    const totals = await passRows(load, (rows) => copy.write(rows));
    await copy.end();
    return totals;
  });
}

/** Runs COPY FROM stdin; when `work` fails, it is told to the server, which forgets the rows. */
async function copying<T>(connection: PgConnection, sql: string, work: (copy: CopyIn) => Promise<T>): Promise<T> {
  const copy = await connection.copyIn(sql);
  try {
    return await work(copy);
  } catch (error) {
    // After an answer of the server this does nothing more.
    await copy.fail("the rows cannot be read").catch(() => undefined);
    throw error;
  }
}
