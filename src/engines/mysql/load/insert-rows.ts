import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { RowReceiver } from "../../../wire/mysql/exchanges/query-exchange.ts";
import type { Outcome } from "../../../wire/mysql/exchanges/result-set.ts";
import { TypedJsonAsText, typedJsonAsText } from "../convert/typed-json-as-text.ts";
import type { DirectoryColumn } from "../directory/directory-index.ts";
import { quoteName } from "../quote.ts";
import { RefusedRows } from "../restore/failure-log.ts";
import { RowsAsValues } from "./rows-as-values.ts";

export interface InsertOptions {
  readonly connection: MysqlConnection;
  readonly table: string;
  readonly columns: readonly DirectoryColumn[];
  /** Columns whose fields are expressions of SQL. */
  readonly literals: readonly string[];
  /** What such an expression puts into JSON beside its text is left out: the server has no such types. */
  readonly typedJsonAsText?: boolean | undefined;
  /** The server's `max_allowed_packet`. */
  readonly maxPacket: number;
  /** After each statement. */
  readonly onRan: (outcome: Outcome) => Promise<void>;
}

/** A statement takes rows up to so many bytes; a longer row stands alone. */
const statementBytes = 1_000_000;
/** A row that is longer is sent while it is read. */
const heldBytes = 4 * 1024 * 1024;
/** Lines are turned into text in pieces of this size. */
const sliceBytes = 4 * 1024;
const discarded: RowReceiver = { row: () => undefined };

/**
 * Loads lines with INSERT statements of about 1 MB, for servers that take no LOAD DATA LOCAL. Memory: one statement, or
 * 4 MiB and a packet of a longer row.
 * @throws BackupError DAMAGED when they are no such lines; SERVER for rows that the server takes from nobody
 */
export async function insertRows(lines: AsyncIterable<Uint8Array>, options: InsertOptions): Promise<void> {
  const { connection, table, columns, literals, maxPacket, onRan } = options;
  const head = Buffer.from(
    `INSERT INTO ${quoteName(table)} (${columns.map(({ name }) => quoteName(name)).join(", ")}) VALUES\n`,
  );
  const rows = new RowsAsValues(columns, literals);
  const slices = slicesOf(lines);
  const target = Math.min(statementBytes, Math.floor(maxPacket / 2));
  const send = async (): Promise<void> => {
    const written = Buffer.concat([head, rows.text.subarray(0, rows.rowEnd)]);
    const text = options.typedJsonAsText === true ? typedJsonAsText(written) : written;
    requireFitting(text.length, options);
    const outcome = await connection.stream(text, discarded);
    rows.take(rows.rowEnd);
    await onRan(outcome);
  };
  for (let next = await slices.next(); next.done !== true; next = await slices.next()) {
    rows.push(next.value);
    // Not with the whole of a long row that follows.
    if (rows.rowEnd > 0 && rows.text.length >= target) await send();
    if (rows.rowEnd === 0 && rows.text.length > heldBytes) {
      await onRan(await connection.streamPieces(head, longRow(head, rows, slices, options), discarded));
    }
  }
  rows.end();
  if (rows.rowEnd > 0) await send();
}

/** A table whose columns are all computed. */
export async function insertDefaults(
  count: number,
  { connection, table, onRan }: Omit<InsertOptions, "columns" | "literals">,
): Promise<void> {
  const most = 10_000;
  for (let done = 0; done < count; done += most) {
    const values = Array.from({ length: Math.min(most, count - done) }, () => "()").join(",");
    await onRan(await connection.stream(`INSERT INTO ${quoteName(table)} () VALUES ${values}`, discarded));
  }
}

async function* longRow(
  head: Buffer,
  rows: RowsAsValues,
  slices: AsyncIterator<Uint8Array>,
  options: InsertOptions,
): AsyncGenerator<Uint8Array> {
  yield head;
  let sent = head.length;
  const asText = options.typedJsonAsText === true ? new TypedJsonAsText() : undefined;
  for (;;) {
    const isOver = rows.rowEnd > 0;
    const written = rows.text.subarray(0, isOver ? rows.rowEnd : rows.text.length);
    const part = asText?.push(written) ?? written;
    sent += part.length;
    requireFitting(sent, options);
    yield part;
    rows.take(written.length);
    if (isOver) return;
    const next = await slices.next();
    if (next.done === true) return rows.end();
    rows.push(next.value);
  }
}

async function* slicesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += sliceBytes) yield piece.subarray(at, at + sliceBytes);
  }
}

/** One byte of a packet is the command's. */
function requireFitting(bytes: number, { table, maxPacket }: InsertOptions): void {
  if (bytes < maxPacket) return;
  throw new RefusedRows({
    code: "SERVER",
    message: `a row of table "${table}" has ${bytes} bytes or more as a statement, and the server takes ${maxPacket - 1} (max_allowed_packet)`,
    object: table,
    hint: "let the server load files (SET GLOBAL local_infile = 1), or raise it (SET GLOBAL max_allowed_packet = 1073741824), and restore again",
  });
}
