import { headerLength } from "./write-packet.ts";

/** One packet of a file: servers take none that is longer than their `max_allowed_packet`, and gain little by longer ones. */
export const fileContentBytes = 256 * 1024;

export interface FilePacket {
  /** With its header; used no more when the next one is asked for. */
  readonly bytes: Uint8Array;
  /** It says that the file is over: the server answers from here on. */
  readonly isLast: boolean;
}

/**
 * Packets of the content of a file that a server asked for, and the empty one that ends it, all of them in one memory.
 * (MySQL source documentation, "LOCAL INFILE Request".)
 * @param sequence number of the first packet
 * @param memory for a packet, with its header: below the 16 MiB that would be continued by the next one
 */
export async function* packetsOfFile(
  pieces: AsyncIterable<Uint8Array>,
  sequence: number,
  memory: Buffer,
): AsyncGenerator<FilePacket> {
  const contentBytes = memory.length - headerLength;
  let number = sequence;
  let used = 0;
  const finish = (isLast: boolean): FilePacket => {
    memory.writeUIntLE(used, 0, 3);
    memory[3] = number++ & 0xff;
    const bytes = memory.subarray(0, headerLength + used);
    used = 0;
    return { bytes, isLast };
  };
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + contentBytes - used);
      memory.set(part, headerLength + used);
      used += part.length;
      at += part.length;
      if (used === contentBytes) yield finish(false);
    }
  }
  if (used > 0) yield finish(false);
  yield finish(true);
}
