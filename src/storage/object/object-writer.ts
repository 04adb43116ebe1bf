import { BackupError } from "../../core/backup-error.ts";
import type { ObjectStore, ObjectUpload } from "../../ports/object-store.ts";
import { type PartMemory, SENDING_BYTES } from "./part-memory.ts";
import { bytesOfParts, partBytes } from "./part-sizes.ts";

/** Where and how the bytes of one object go. */
export interface ObjectWriting {
  readonly store: ObjectStore;
  /** The work that writes. */
  readonly work: string;
  /** For parts, of all objects of the storage together. */
  readonly memory: PartMemory;
  /** Called once, before the first part is sent. @returns where it is to go */
  announce(): Promise<string>;
  /** Called once, when the upload of the parts has begun, and before the first is sent. */
  began?(upload: ObjectUpload): Promise<void>;
}

/** What an earlier run has sent of an object. */
export interface SentParts {
  readonly upload: ObjectUpload;
  /** How many parts, each of the size that it has by its number. */
  readonly parts: number;
}

/**
 * Takes the bytes of one object and sends them in parts, several beside each other. Its memory: the part that is being
 * filled, and what `memory` lets be on its way. Nothing is sent of an object that fits into the first part.
 */
export class ObjectWriter {
  #key: string;
  readonly #writing: ObjectWriting;
  readonly #sending = new Set<Promise<void>>();
  #part: Buffer | undefined;
  #filled = 0;
  #parts = 0;
  #size = 0;
  #upload: ObjectUpload | undefined;
  #isComplete = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param sent what is there already: what is written comes behind it */
  constructor(key: string, writing: ObjectWriting, sent?: SentParts) {
    this.#key = key;
    this.#writing = writing;
    if (sent === undefined) return;
    this.#upload = sent.upload;
    this.#parts = sent.parts;
    this.#size = bytesOfParts(sent.parts);
  }

  /** Where it goes when it is too large for one request. */
  get key(): string {
    return this.#key;
  }

  /** Bytes that came. */
  get size(): number {
    return this.#size;
  }

  /** Whether it went in parts. */
  get isSent(): boolean {
    return this.#upload !== undefined;
  }

  /** Nothing was sent: all of its bytes. */
  get whole(): Uint8Array {
    return this.#part?.subarray(0, this.#filled) ?? Buffer.alloc(0);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#throwFailure();
    for (let at = 0; at < bytes.length; ) {
      if (this.#part !== undefined && this.#filled === this.#part.length) await this.#send();
      // Memory of which nothing is touched costs nothing: small objects stay small.
      this.#part ??= this.#writing.memory.take(partBytes(this.#parts + 1));
      const piece = bytes.subarray(at, at + this.#part.length - this.#filled);
      this.#part.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
    }
    this.#size += bytes.length;
  }

  /** Sends what is left, and waits until all is there. Does nothing when the object fits into one request. */
  async finish(): Promise<void> {
    if (this.#upload !== undefined && this.#filled > 0) await this.#send();
    await Promise.all(this.#sending);
    this.#throwFailure();
    if (this.#upload !== undefined) this.#part = undefined;
  }

  /** All of it was written at once: its memory is free. */
  wasWritten(): void {
    if (this.#part !== undefined) this.#writing.memory.give(this.#part);
    this.#part = undefined;
  }

  /** Makes the parts that were sent an object under the writer's key. Safe to repeat. @throws BackupError EXISTS */
  async complete(): Promise<void> {
    if (this.#isComplete) return;
    await this.#upload!.complete(this.#parts);
    this.#isComplete = true;
  }

  /** Waits for what is on its way, and leaves it there. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#sending);
    this.#part = undefined;
  }

  /** Removes parts that were sent and are no object yet. */
  async abandon(): Promise<void> {
    await this.settle();
    if (this.#upload !== undefined && !this.#isComplete) await this.#writing.store.abandonUpload(this.#upload);
  }

  async #send(): Promise<void> {
    const { store, work, memory, announce, began } = this.#writing;
    if (this.#upload === undefined) {
      this.#key = await announce();
      this.#upload = await store.beginUpload(this.#key, work);
      await began?.(this.#upload);
    }
    const number = ++this.#parts;
    if (number > store.maxParts) throw this.#tooLarge();
    const part = this.#part!;
    const bytes = part.subarray(0, this.#filled);
    this.#part = undefined;
    this.#filled = 0;
    await memory.sending.take(bytes.length);
    this.#throwFailure(() => memory.sending.give(bytes.length));
    const sent = this.#upload
      .putPart(number, bytes)
      // Of one that failed somebody may still be sending.
      .then(() => memory.give(part))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        memory.sending.give(bytes.length);
        this.#sending.delete(sent);
      });
    this.#sending.add(sent);
    // Two of the largest at the same time, one filled and one sent, would be more memory than a backup may take.
    if (part.length > SENDING_BYTES) await sent;
  }

  #throwFailure(before?: () => void): void {
    if (this.#failure === undefined) return;
    before?.();
    throw this.#failure.error;
  }

  #tooLarge(): BackupError {
    const { store } = this.#writing;
    return new BackupError({
      code: "IO",
      message: `the object is larger than ${bytesOfParts(store.maxParts)} bytes, which is what ${store.maxParts} parts hold`,
      object: store.location,
      hint: "use --format directory, which makes an object for each table, or compress",
    });
  }
}
