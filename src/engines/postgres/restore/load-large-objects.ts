import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { LargeObjectData, LargeObjectsBlock } from "../archive/data-block.ts";

/** Bytes of a large object in one call. As a multiple of 2,048 it fills the rows that the server keeps them in. */
const PIECE_BYTES = 256 * 1024;
/** Bytes in one statement, of one or of many objects: twice as many as text. Two statements are on their way at most. */
const STATEMENT_BYTES = PIECE_BYTES;
/** Small objects in one statement: a round trip for each would take longer than writing it. */
const STATEMENT_PIECES = 500;

export interface LoadedObjects {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Fills large objects, which exist already and are empty, in one transaction.
 * @param inTransaction one is open already
 */
export async function loadLargeObjects(
  connection: PgConnection,
  block: LargeObjectsBlock,
  inTransaction: boolean,
  onBytes: (count: number) => void,
): Promise<LoadedObjects> {
  let count = 0;
  let bytes = 0;
  if (!inTransaction) await connection.query("BEGIN");
  const writer = new PieceWriter(connection);
  try {
    for await (const object of block.objects()) {
      bytes += await writeObject(object, writer, onBytes);
      count += 1;
    }
    await writer.end();
    if (!inTransaction) await connection.query("COMMIT");
  } catch (error) {
    await writer.settled();
    if (!inTransaction) await connection.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
  return { count, bytes };
}

async function writeObject(
  { oid, chunks }: LargeObjectData,
  writer: PieceWriter,
  onBytes: (count: number) => void,
): Promise<number> {
  let offset = 0;
  for await (const chunk of chunks()) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      await writer.write(oid, offset, piece);
      offset += piece.length;
      onBytes(piece.length);
    }
  }
  // So the server says when there is no such object.
  if (offset === 0) await writer.write(oid, 0, Buffer.alloc(0));
  return offset;
}

/** Gathers pieces into statements. While the server executes one, the next is gathered. */
class PieceWriter {
  readonly #connection: PgConnection;
  #pieces: string[] = [];
  #bytes = 0;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(connection: PgConnection) {
    this.#connection = connection;
  }

  async write(oid: number, offset: number, piece: Buffer): Promise<void> {
    // Strings of this kind are read in the same way whatever standard_conforming_strings is.
    this.#pieces.push(
      `('${oid}'::pg_catalog.oid, '${offset}'::pg_catalog.int8, E'\\\\x${piece.toString("hex")}'::pg_catalog.bytea)`,
    );
    this.#bytes += piece.length;
    if (this.#bytes >= STATEMENT_BYTES || this.#pieces.length >= STATEMENT_PIECES) await this.#send();
  }

  async end(): Promise<void> {
    if (this.#pieces.length > 0) await this.#send();
    await this.#underWay;
  }

  /** The last statement has been answered, whatever the answer was. */
  async settled(): Promise<void> {
    await this.#underWay.catch(() => undefined);
  }

  async #send(): Promise<void> {
    const sql = `SELECT pg_catalog.lo_put(p.oid, p.place, p.bytes) FROM (VALUES ${this.#pieces.join(", ")}) AS p (oid, place, bytes)`;
    this.#pieces = [];
    this.#bytes = 0;
    await this.#underWay;
    this.#underWay = this.#connection.query(sql);
    // Who waits for it next is told.
    this.#underWay.catch(() => undefined);
  }
}
