import { fullPacket, headerLength } from "./write-packet.ts";

/**
 * Packets of one command whose length is known when it ends: full ones, and a shorter one behind them. One memory for all of
 * them, of 16 MiB: a packet is used no more when the next one is asked for.
 */
export async function* packetsOfPieces(
  command: Uint8Array,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const packet = Buffer.allocUnsafe(headerLength + fullPacket);
  packet.set(command, headerLength);
  let used = command.length;
  let sequence = 0;
  const finish = (): Uint8Array => {
    packet.writeUIntLE(used, 0, 3);
    packet[3] = sequence++ & 0xff;
    const whole = packet.subarray(0, headerLength + used);
    used = 0;
    return whole;
  };
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + fullPacket - used);
      packet.set(part, headerLength + used);
      used += part.length;
      at += part.length;
      if (used === fullPacket) yield finish();
    }
  }
  yield finish();
}
