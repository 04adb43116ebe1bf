import type { BackupError } from "../../core/backup-error.ts";
import type { ObjectUpload } from "../../ports/object-store.ts";
import { Crc32c } from "./crc32c.ts";
import type { GcsAnswer } from "./gcs-answer.ts";

/** What is not the end of an object is kept in multiples of this. */
const GRAIN = 256 * 1024;
/** So often a chunk may be answered without a byte of it being kept. */
const MAX_STALLS = 3;

/** What the store does for one upload. */
export interface GcsSession {
  readonly key: string;
  /** Names the session here; its URI would let write whoever knows it. */
  readonly id: string;
  /** Sends one chunk, or asks. @throws BackupError, except for what it returns: 200, 201 and 308 */
  send(
    contentRange: string,
    body: readonly Uint8Array[],
    headers?: Readonly<Record<string, string>>,
  ): Promise<GcsAnswer>;
  /** Whether the object that was made is the one that was sent; another one is removed. */
  hasArrived(answer: GcsAnswer, size: number, crc32c: string): Promise<boolean>;
  /** An error of this upload. */
  failure(reason: string, retry: "maybe" | "never"): BackupError;
}

/**
 * A resumable upload (https://cloud.google.com/storage/docs/performing-resumable-uploads). Its bytes come one behind the
 * other, so that parts that are sent beside each other wait for their turn. What of a part was kept when its request
 * broke off is asked for, and the rest is sent. Memory: parts that wait, and less than 256 KiB that are sent with what follows.
 */
export class GcsUpload implements ObjectUpload {
  readonly key: string;
  readonly id: string;
  readonly #session: GcsSession;
  /** Given, and not kept to the end. Whoever's turn it is sends all that come next, not only its own. */
  readonly #parts = new Map<number, Uint8Array>();
  readonly #crc = new Crc32c();
  #turn: Promise<void> = Promise.resolve();
  /** Parts that were taken. */
  #taken = 0;
  /** Bytes that are kept by the service, as far as whole parts go; behind them comes the rest. */
  #kept = 0;
  /** The end of the parts that were taken, too short for a chunk that others follow. */
  #rest: Uint8Array = Buffer.alloc(0);
  /** A request broke off: the service knows how much of it was kept. */
  #isUnsure = false;

  constructor(session: GcsSession) {
    this.key = session.key;
    this.id = session.id;
    this.#session = session;
  }

  async putPart(number: number, bytes: Uint8Array): Promise<void> {
    if (number > this.#taken) this.#parts.set(number, bytes);
    await this.#inTurn(() => this.#takeUpTo(number));
  }

  async complete(parts: number): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#taken !== parts) throw new Error(`${this.#taken} of ${parts} parts were sent`);
      await this.#finish();
    });
  }

  async #inTurn(what: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(what);
    this.#turn = done.catch(() => {}); // Its caller is told.
    await done;
  }

  async #takeUpTo(number: number): Promise<void> {
    while (this.#taken < number) {
      // All that wait go in one request: each is answered only when it is kept, which takes its time.
      const parts = this.#waiting();
      // Somebody between here and whoever gives the parts has lost it, and will give it again.
      if (parts.length === 0) throw this.#session.failure(`part ${this.#taken + 1} is missing`, "maybe");
      const pieces = [this.#rest, ...parts];
      const size = pieces.reduce((sum, { length }) => sum + length, 0);
      const whole = size - (size % GRAIN);
      await this.#keep(pieces, whole);
      this.#kept += whole;
      this.#rest = Buffer.concat(cutOut(pieces, whole, size));
      for (const part of parts) {
        this.#crc.update(part);
        this.#parts.delete(++this.#taken);
      }
    }
  }

  /** Those that come next. */
  #waiting(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    for (;;) {
      const part = this.#parts.get(this.#taken + parts.length + 1);
      if (part === undefined) return parts;
      parts.push(part);
    }
  }

  /** Sends the first `length` bytes in chunks that others follow, until all of them are kept. */
  async #keep(pieces: readonly Uint8Array[], length: number): Promise<void> {
    const end = this.#kept + length;
    let at = this.#isUnsure ? this.#keptOf(await this.#send("bytes */*", []), end) : this.#kept;
    for (let stalls = 0; at < end; ) {
      const answer = await this.#send(`bytes ${at}-${end - 1}/*`, cutOut(pieces, at - this.#kept, length));
      const next = this.#keptOf(answer, end);
      if (next <= at && ++stalls === MAX_STALLS) {
        throw this.#session.failure("nothing of what was sent is kept", "maybe");
      }
      at = next;
    }
  }

  async #finish(): Promise<void> {
    const size = this.#kept + this.#rest.length;
    const crc32c = this.#crc.toBase64();
    const headers = { "x-goog-hash": `crc32c=${crc32c}` };
    const asking = `bytes */${size}`;
    const sending = (from: number) => `bytes ${from}-${size - 1}/${size}`;
    // Where all bytes are kept already, and where nobody knows, the size alone ends it.
    let answer =
      this.#isUnsure || this.#rest.length === 0
        ? await this.#send(asking, [], headers)
        : await this.#send(sending(this.#kept), [this.#rest], headers);
    for (let tries = 0; answer.status === 308; tries++) {
      if (tries === MAX_STALLS) throw this.#session.failure("the service does not end the upload", "maybe");
      const at = this.#keptOf(answer, size);
      const left = this.#rest.subarray(at - this.#kept);
      answer = await this.#send(left.length === 0 ? asking : sending(at), [left], headers);
    }
    if (await this.#session.hasArrived(answer, size, crc32c)) return;
    throw this.#session.failure("the bytes arrived changed, as the service's checksum says", "never");
  }

  async #send(
    contentRange: string,
    body: readonly Uint8Array[],
    headers?: Readonly<Record<string, string>>,
  ): Promise<GcsAnswer> {
    this.#isUnsure = true;
    const answer = await this.#session.send(contentRange, body, headers);
    this.#isUnsure = false;
    return answer;
  }

  /** How many bytes of the object are kept, as an answer says that is not the last. */
  #keptOf({ status, headers }: GcsAnswer, end: number): number {
    if (status !== 308) throw this.#session.failure(`the upload ended before its end, with status ${status}`, "never");
    const range = headers.range ?? "";
    const last = /^bytes=0-(\d+)$/.exec(range)?.[1];
    if (range !== "" && last === undefined) throw this.#session.failure("the answer names no bytes", "never");
    const kept = last === undefined ? 0 : Number(last) + 1;
    if (kept < this.#kept) throw this.#session.failure("bytes that were kept are gone", "never");
    if (kept > end) throw this.#session.failure("more bytes are kept than were sent", "never");
    return kept;
  }
}

/** The bytes from one place to another of pieces that lie one behind the other. */
function cutOut(pieces: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const wanted = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
    if (wanted.length > 0) cut.push(wanted);
    at += piece.length;
  }
  return cut;
}

/** Whether an answer of a session is one of those that carry it on. */
export function isOfSession({ status }: GcsAnswer): boolean {
  return status === 200 || status === 201 || status === 308;
}

/** Whether an answer to the removal of a session says that it is gone now: 499 is success there. */
export function isGone(answer: GcsAnswer): boolean {
  return [200, 204, 404, 410, 499].includes(answer.status);
}
