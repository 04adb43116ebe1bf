import type { LargeObjectsWriter } from "../archive/archive-writer.ts";
import type { DumpSession } from "./dump-session.ts";

/** Objects whose first piece is fetched with one query: at most this many times `firstPieceBytes` are held. */
const objectsPerQuery = 256;
const firstPieceBytes = 16 * 1024;
/** What one query fetches of the rest of a larger object; twice this arrives, as hexadecimal text. */
const nextPieceBytes = 1024 * 1024;

export interface CopiedLargeObjects {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Copies large objects into an archive: small ones many a round trip, large ones piece by piece. Reads through lo_get,
 * which asks the objects' own privileges, so no superuser is needed, and sees the transaction's snapshot.
 * @param onBytes told of what was read; what it answers is waited for before more is.
 */
export async function copyLargeObjects(
  session: DumpSession,
  oids: readonly number[],
  writer: LargeObjectsWriter,
  onBytes: (count: number) => Promise<void> | undefined,
): Promise<CopiedLargeObjects> {
  let bytes = 0;
  for (let i = 0; i < oids.length; i += objectsPerQuery) {
    const batch = oids.slice(i, i + objectsPerQuery);
    const { rows } = await session.connection.query(
      `SELECT o, pg_catalog.lo_get(o, 0, ${firstPieceBytes}) ` +
        `FROM pg_catalog.unnest('{${batch.join(",")}}'::pg_catalog.oid[]) WITH ORDINALITY AS t(o, n) ORDER BY n`,
    );
    for (const [oid, hex] of rows) {
      const object = await writer.openObject(Number(oid));
      let piece = decodeBytea(hex!);
      let asked = firstPieceBytes;
      for (let offset = 0; piece.length > 0; ) {
        offset += piece.length;
        bytes += piece.length;
        const isLast = piece.length < asked;
        await onBytes(piece.length);
        await object.write(piece);
        if (isLast) break;
        asked = nextPieceBytes;
        piece = await readPiece(session, Number(oid), offset);
      }
      await object.end();
    }
  }
  return { count: oids.length, bytes };
}

async function readPiece(session: DumpSession, oid: number, offset: number): Promise<Buffer> {
  const { rows } = await session.connection.query(`SELECT pg_catalog.lo_get(${oid}, ${offset}, ${nextPieceBytes})`);
  return decodeBytea(rows[0]![0]!);
}

/** `\x0a0b` (bytea_output = hex) as bytes. */
function decodeBytea(text: string): Buffer {
  return Buffer.from(text.slice(2), "hex");
}
