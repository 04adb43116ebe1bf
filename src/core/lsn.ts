/** A position in PostgreSQL's write-ahead log, in bytes. */
export type Lsn = bigint;

/** Reads `16/B374D848`; undefined when it is none. */
export function parseLsn(text: string): Lsn | undefined {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  return match === null ? undefined : (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** As PostgreSQL before 19 prints it: `16/B374D848`, `0/3000060`. */
export function formatLsn(lsn: Lsn): string {
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`;
}

function hex(part: bigint): string {
  return part.toString(16).toUpperCase();
}
