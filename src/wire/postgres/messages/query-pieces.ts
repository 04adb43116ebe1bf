import type { Transport } from "../../net/transport.ts";

/** The text of a statement that is not held in memory. */
export interface QueryPieces {
  /** How it begins, for messages. */
  readonly shown: string;
  /** Bytes of all pieces together. */
  readonly size: number;
  /** In the encoding of the session; each is valid until the next one is asked for. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

const queryType = 0x51;

/**
 * Sends a Query message, whose length comes first.
 * @param isOver whether nobody listens any more
 */
export async function writeQueryPieces(
  transport: Transport,
  { size, pieces }: QueryPieces,
  isOver: () => boolean,
): Promise<void> {
  const header = Buffer.alloc(5);
  header[0] = queryType;
  // The length counts itself and the zero at the end.
  header.writeUInt32BE(4 + size + 1, 1);
  await transport.write(header);
  let sent = 0;
  for await (const piece of pieces) {
    if (isOver()) return;
    if (piece.includes(0)) throw new Error("text for the server holds a zero character");
    sent += piece.length;
    await transport.write(piece);
  }
  if (sent !== size) throw new Error(`a statement of ${size} bytes came with ${sent}`);
  await transport.write(Buffer.alloc(1));
}
