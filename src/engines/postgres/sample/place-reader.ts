import { CopyOutPieces } from "../../../wire/postgres/collect-copy-out.ts";
import type { CopyOutConsumer } from "../../../wire/postgres/copy-out-consumer.ts";
import { malformed } from "../../../wire/postgres/messages/body-reader.ts";

/** `PGCOPY\n\377\r\n\0`, flags, and the length of an extension of the header, which no server writes. */
const HEADER_LENGTH = 19;
const END_OF_DATA = 0xffff;
/** How many columns; then each with its length: an OID, a tid of 6 bytes, an int8. */
const PLACE_LENGTH = 2 + (4 + 4) + (4 + 6);
const HASHED_LENGTH = PLACE_LENGTH + (4 + 8);

/** A piece is a row, as a rule, and nothing is left of it. */
const nothing = Buffer.alloc(0);

/** A row by its place. */
export type TakePlace = (table: number, page: number, item: number, hash: bigint) => void;

/**
 * Takes a COPY ... TO STDOUT (FORMAT binary) of `tableoid, ctid` of rows, one after another, so that nothing is kept but
 * what `take` keeps. Source of the format: "COPY", section "Binary Format", in PostgreSQL's manual.
 * @param isHashed a third column holds a hash, an int8; else 0 is given
 */
export function placeReader(take: TakePlace, isHashed: boolean): CopyOutConsumer {
  const columns = isHashed ? 3 : 2;
  const rowLength = isHashed ? HASHED_LENGTH : PLACE_LENGTH;
  let rest: Buffer = nothing;
  let isBegun = false;
  const readRow = (bytes: Buffer, at: number): void => {
    const page = bytes.readUInt32BE(at + 14);
    take(bytes.readUInt32BE(at + 6), page, bytes.readUInt16BE(at + 18), isHashed ? bytes.readBigInt64BE(at + 24) : 0n);
  };
  return new CopyOutPieces((piece) => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    if (!isBegun) {
      if (bytes.length >= HEADER_LENGTH) at = HEADER_LENGTH;
      isBegun = at > 0;
    }
    if (isBegun) {
      for (; at + rowLength <= bytes.length && bytes.readUInt16BE(at) === columns; at += rowLength) readRow(bytes, at);
      at = checkRest(bytes, at, columns);
    }
    rest = at === bytes.length ? nothing : Buffer.from(bytes.subarray(at));
  });
}

/** What follows whole rows: the beginning of one, or the end. Answers where what goes on later begins. */
function checkRest(bytes: Buffer, at: number, columns: number): number {
  if (at + 2 > bytes.length) return at;
  const found = bytes.readUInt16BE(at);
  if (found !== columns && found !== END_OF_DATA) throw malformed(`${found} copied columns of a row's place`);
  return found === END_OF_DATA ? at + 2 : at;
}
