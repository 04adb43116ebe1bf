import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { LargeObjectData, LargeObjectsBlock } from "../archive/data-block.ts";
import { largeObjectWriteMode } from "../archive/large-object-text.ts";

/** Bytes of a large object in one statement: bounds memory on both sides. */
const pieceBytes = 256 * 1024;

export interface LoadedObjects {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Fills large objects, which exist already, in one transaction (a descriptor lives no longer).
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
  try {
    for await (const object of block.objects()) {
      bytes += await loadObject(connection, object, onBytes);
      count += 1;
    }
    if (!inTransaction) await connection.query("COMMIT");
  } catch (error) {
    if (!inTransaction) await connection.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
  return { count, bytes };
}

async function loadObject(
  connection: PgConnection,
  { oid, chunks }: LargeObjectData,
  onBytes: (count: number) => void,
): Promise<number> {
  const { rows } = await connection.query(`SELECT pg_catalog.lo_open('${oid}', ${largeObjectWriteMode})`);
  const descriptor = Number(rows[0]?.[0]);
  let bytes = 0;
  for await (const chunk of chunks()) {
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      await connection.query(`SELECT pg_catalog.lowrite(${descriptor}, '\\x${piece.toString("hex")}')`);
      bytes += piece.length;
      onBytes(piece.length);
    }
  }
  await connection.query(`SELECT pg_catalog.lo_close(${descriptor})`);
  return bytes;
}
