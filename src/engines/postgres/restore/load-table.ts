import type { RowTotals } from "../../../core/row-totals.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { CopyIn } from "../../../wire/postgres/exchanges/copy-in-exchange.ts";
import { passRows, type StoredRows } from "./checked-rows.ts";

export interface TableLoad extends StoredRows {
  readonly connection: PgConnection;
  /** `COPY ... FROM stdin` */
  readonly sql: string;
}

/** Where rows go. */
type RowTarget = Pick<CopyIn, "write" | "fail"> & { end(): Promise<unknown> };

/** Streams rows in any form that COPY takes; answers how many the server says they were. */
export async function passUnread(
  connection: PgConnection,
  { sql, rows }: { readonly sql: string; readonly rows: AsyncIterable<Buffer> },
  onBytes: (count: number) => void,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  return filling(await connection.copyIn(sql), async (copy) => {
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
export async function loadTable(load: TableLoad): Promise<RowTotals> {
  return await loadRows(load, await load.connection.copyIn(load.sql));
}

/** The same into a COPY that has begun, of one session or of several. */
export function loadRows(stored: StoredRows, target: RowTarget): Promise<RowTotals> {
  return filling(target, async (copy) => {
    const totals = await passRows(stored, (rows) => copy.write(rows));
    await copy.end();
    return totals;
  });
}

/** When `work` fails, it is told to the server, which forgets the rows. */
async function filling<C extends RowTarget, T>(copy: C, work: (copy: C) => Promise<T>): Promise<T> {
  try {
    return await work(copy);
  } catch (error) {
    // After an answer of the server this does nothing more.
    await copy.fail("the rows cannot be read").catch(() => undefined);
    throw error;
  }
}
