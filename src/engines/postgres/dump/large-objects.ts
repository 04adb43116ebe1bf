import type { RowValues } from "../../../wire/postgres/exchanges/query-exchange.ts";
import type { LargeObjectsWriter } from "../archive/archive-writer.ts";
import type { DumpSession } from "./dump-session.ts";

/**
 * Objects whose first piece is fetched with one query. While one answer is worked on, the server makes the next: at most
 * twice as many times `firstPieceBytes` are held, as hexadecimal text.
 */
const objectsPerQuery = 128;
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
  let asked = askFirstPieces(session, oids, 0);
  for (let i = 0; i < oids.length; i += objectsPerQuery) {
    const rows = await asked;
    asked = askFirstPieces(session, oids, i + objectsPerQuery);
    // Nobody waits for it when something fails before.
    asked.catch(() => {});
    for (const [oid, hex] of rows) {
      const object = await writer.openObject(Number(oid));
      let piece = decodeBytea(hex!);
      let wanted = firstPieceBytes;
      let offset = 0;
      while (piece.length > 0) {
        offset += piece.length;
        const isLast = piece.length < wanted;
        await onBytes(piece.length);
        await object.write(piece);
        if (isLast) break;
        wanted = nextPieceBytes;
        piece = await readPiece(session, Number(oid), offset);
      }
      await object.end({ rows: 0, bytes: offset });
      bytes += offset;
    }
  }
  return { count: oids.length, bytes };
}

/** The first pieces of the objects from that index on; nothing behind the last. */
async function askFirstPieces(
  { connection }: DumpSession,
  oids: readonly number[],
  from: number,
): Promise<readonly RowValues[]> {
  const batch = oids.slice(from, from + objectsPerQuery);
  if (batch.length === 0) return [];
  const answer = connection.query(
    `SELECT o, pg_catalog.lo_get(o, 0, ${firstPieceBytes}) ` +
      `FROM pg_catalog.unnest('{${batch.join(",")}}'::pg_catalog.oid[]) WITH ORDINALITY AS t(o, n) ORDER BY n`,
  );
  return (await answer).rows;
}

async function readPiece(session: DumpSession, oid: number, offset: number): Promise<Buffer> {
  const { rows } = await session.connection.query(`SELECT pg_catalog.lo_get(${oid}, ${offset}, ${nextPieceBytes})`);
  return decodeBytea(rows[0]![0]!);
}

/** `\x0a0b` (bytea_output = hex) as bytes. */
function decodeBytea(text: string): Buffer {
  return Buffer.from(text.slice(2), "hex");
}
