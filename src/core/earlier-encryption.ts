/** Bytes that stand before the records: the nonce of the first one. */
export const EARLIER_NONCE = 12;
/** Before each record: how long it is, big-endian. */
export const EARLIER_LENGTH = 4;
export const EARLIER_TAG = 16;
/** Plain bytes of every record but the last. */
export const EARLIER_RECORD = 64 << 10;

/**
 * How many bytes dbbackup 2 and 3 made of so many when they encrypted a file. Its metadata were written before, and kept the size
 * and hash of the plain bytes. Pure.
 */
export function earlierEncryptedSize(plain: number): number {
  return EARLIER_NONCE + plain + Math.ceil(plain / EARLIER_RECORD) * (EARLIER_LENGTH + EARLIER_TAG);
}
