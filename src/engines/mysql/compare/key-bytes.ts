/** How many bytes at the beginning of a row packet its first `count` values take; all of them when `count` is 0. */
export function keyBytesOf(packet: Buffer, count: number): number {
  if (count === 0) return packet.length;
  let at = 0;
  for (let value = 0; value < count; value++) {
    const first = packet[at]!;
    if (first < 0xfb) at += 1 + first;
    else if (first === 0xfb) at += 1;
    else if (first === 0xfc) at += 3 + packet.readUInt16LE(at + 1);
    else if (first === 0xfd) at += 4 + packet.readUIntLE(at + 1, 3);
    else at += 9 + Number(packet.readBigUInt64LE(at + 1));
  }
  return at;
}
