/** A packet of this length is continued by the next one. */
export const fullPacket = 0xffffff;
export const headerLength = 4;

/**
 * Puts headers before a payload; one of 16 MiB - 1 or more is cut into several packets, the last of which is shorter.
 * @param sequence number of the first packet: 0 for a command
 */
export function packets(payload: Uint8Array, sequence: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0, number = sequence; ; at += fullPacket, number++) {
    const piece = payload.subarray(at, at + fullPacket);
    const header = Buffer.allocUnsafe(headerLength);
    header.writeUIntLE(piece.length, 0, 3);
    header[3] = number & 0xff;
    pieces.push(header, piece);
    if (piece.length < fullPacket) return Buffer.concat(pieces);
  }
}
