import { createDecipheriv } from "node:crypto";
import { BackupError } from "../../core/backup-error.ts";
import { EARLIER_LENGTH, EARLIER_NONCE, EARLIER_RECORD, EARLIER_TAG } from "../../core/earlier-encryption.ts";
import type { OpenedObject } from "../../ports/storage.ts";

/** Where each of so many records begins is remembered; others are found from there. */
const RECORDS_PER_MARK = 64;
const LONGEST_RECORD = EARLIER_RECORD + EARLIER_TAG;

interface Mark {
  readonly storedAt: number;
  readonly plainAt: number;
}

interface Place {
  readonly index: number;
  readonly storedAt: number;
  readonly plainAt: number;
  /** Bytes of ciphertext and tag. */
  readonly length: number;
}

/**
 * A file that dbbackup 2 or 3 encrypted, whose plain bytes are read at any place: a nonce of 12 bytes, then records of their length
 * (4 bytes, big-endian) and AES-256-GCM ciphertext with its tag, each under the nonce before it plus one, big-endian. Each record is
 * proved before a byte of it is given, but that the file ends where it does is not: one that was cut off behind a record opens as
 * well. Holds one record, and two numbers for every 64 of them.
 */
export class EarlierObject implements OpenedObject {
  readonly key: string;
  readonly size: number;
  readonly #stored: OpenedObject;
  readonly #key: Buffer;
  readonly #nonce: Buffer;
  readonly #marks: readonly Mark[];
  #recent: { readonly place: Place; readonly plain: Buffer } | undefined;

  private constructor(stored: OpenedObject, key: Buffer, nonce: Buffer, walked: Walked) {
    this.key = stored.key;
    this.size = walked.size;
    this.#stored = stored;
    this.#key = key;
    this.#nonce = nonce;
    this.#marks = walked.marks;
  }

  /**
   * @param stored the encrypted file; it is closed with what is answered
   * @returns undefined when none of the keys opens the first record
   * @throws BackupError DAMAGED when the records do not fill the file, IO
   */
  static async open(stored: OpenedObject, keys: readonly Buffer[]): Promise<EarlierObject | undefined> {
    const nonce = Buffer.alloc(EARLIER_NONCE);
    if ((await stored.readAt(0, nonce)) < EARLIER_NONCE) return undefined;
    const length = await lengthAt(stored, EARLIER_NONCE);
    if (length === undefined) return undefined;
    const first = await readRecord(stored, EARLIER_NONCE, length);
    const key = keys.find((candidate) => tryOpen(candidate, nonce, first) !== undefined);
    if (key === undefined) return undefined;
    return new EarlierObject(stored, key, nonce, await walk(stored));
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    const wanted = Math.max(0, Math.min(target.length, this.size - position));
    for (let done = 0; done < wanted; ) {
      const { place, plain } = await this.#recordWith(position + done);
      const from = position + done - place.plainAt;
      const piece = plain.subarray(from, from + wanted - done);
      target.set(piece, done);
      done += piece.length;
    }
    return wanted;
  }

  close(): Promise<void> {
    return this.#stored.close();
  }

  async #recordWith(position: number): Promise<{ readonly place: Place; readonly plain: Buffer }> {
    const recent = this.#recent;
    if (recent !== undefined && contains(recent.place, position)) return recent;
    const place = await this.#find(position, recent?.place);
    const bytes = await readRecord(this.#stored, place.storedAt, place.length);
    const plain = tryOpen(this.#key, nonceOf(this.#nonce, place.index), bytes);
    if (plain === undefined) throw damaged(`record ${place.index + 1} is not what was written`);
    const found = { place, plain };
    this.#recent = found;
    return found;
  }

  /** From the record that was read last, when it lies behind that one and before the next mark; else from the mark before it. */
  async #find(position: number, recent: Place | undefined): Promise<Place> {
    let at = this.#markBefore(position);
    if (recent !== undefined && recent.plainAt > at.plainAt && recent.plainAt <= position) at = recent;
    for (let { index, storedAt, plainAt } = at; ; ) {
      const length = await lengthAt(this.#stored, storedAt);
      if (length === undefined) throw damaged("became shorter while it was read");
      const place = { index, storedAt, plainAt, length };
      if (contains(place, position)) return place;
      index += 1;
      storedAt += EARLIER_LENGTH + length;
      plainAt += length - EARLIER_TAG;
    }
  }

  #markBefore(position: number): { index: number; storedAt: number; plainAt: number } {
    let [low, high] = [0, this.#marks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#marks[middle]!.plainAt <= position) low = middle;
      else high = middle - 1;
    }
    return { index: low * RECORDS_PER_MARK, ...this.#marks[low]! };
  }
}

interface Walked {
  readonly size: number;
  readonly marks: readonly Mark[];
}

/** Looks at the lengths of all records. */
async function walk(stored: OpenedObject): Promise<Walked> {
  const marks: Mark[] = [];
  let storedAt = EARLIER_NONCE;
  let plainAt = 0;
  for (let index = 0; storedAt < stored.size; index++) {
    const length = await lengthAt(stored, storedAt);
    if (length === undefined) throw damaged(`is cut off or changed at record ${index + 1}, byte ${storedAt}`);
    if (index % RECORDS_PER_MARK === 0) marks.push({ storedAt, plainAt });
    storedAt += EARLIER_LENGTH + length;
    plainAt += length - EARLIER_TAG;
  }
  return { size: plainAt, marks };
}

/** Undefined when no record of a length that is written stands there whole. */
async function lengthAt(stored: OpenedObject, position: number): Promise<number | undefined> {
  const bytes = Buffer.alloc(EARLIER_LENGTH);
  if ((await stored.readAt(position, bytes)) < EARLIER_LENGTH) return undefined;
  const length = bytes.readUInt32BE();
  const isWhole = position + EARLIER_LENGTH + length <= stored.size;
  return isWhole && length > EARLIER_TAG && length <= LONGEST_RECORD ? length : undefined;
}

async function readRecord(stored: OpenedObject, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const count = await stored.readAt(position + EARLIER_LENGTH, bytes);
  return bytes.subarray(0, count);
}

function contains({ plainAt, length }: Place, position: number): boolean {
  return position >= plainAt && position < plainAt + length - EARLIER_TAG;
}

/** The nonce of a record: that of the file, counted up as one number of 96 bits. */
function nonceOf(first: Buffer, index: number): Buffer {
  const value = (BigInt(`0x${first.toString("hex")}`) + BigInt(index)) % (1n << 96n);
  return Buffer.from(value.toString(16).padStart(EARLIER_NONCE * 2, "0"), "hex");
}

function tryOpen(key: Buffer, nonce: Buffer, record: Buffer): Buffer | undefined {
  if (record.length <= EARLIER_TAG) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: EARLIER_TAG });
  decipher.setAuthTag(record.subarray(-EARLIER_TAG));
  const plain = decipher.update(record.subarray(0, -EARLIER_TAG));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function damaged(what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the file that an earlier dbbackup encrypted: ${what}`,
    hint: "the file was cut off, changed or exchanged; use another copy or an earlier backup",
  });
}
