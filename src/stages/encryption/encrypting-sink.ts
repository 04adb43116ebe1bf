import { randomBytes } from "node:crypto";
import type { ByteSink } from "../../ports/byte-sink.ts";
import type { ContainerContext } from "../../ports/encryption.ts";
import { boundHeader, encodeHeader } from "./container-header.ts";
import { FRAME_SIZE, KEY_LENGTH, MAX_FRAMES, TAG_LENGTH } from "./container-layout.ts";
import { containerKeys } from "./derive-keys.ts";
import { FrameCipher } from "./frame-cipher.ts";
import type { Recipient } from "./recipient.ts";

/** What is random in a file. Known answers give it; whoever writes lets it be drawn. */
export interface ContainerSecrets {
  readonly dataKey: Buffer;
  readonly fileId: Buffer;
  readonly salt: Buffer;
}

export interface EncryptOptions {
  readonly context: ContainerContext;
  /** One to 32. */
  readonly recipients: readonly Recipient[];
  /** A power of two from 4096 to 4 MiB. */
  readonly frameSize?: number;
  readonly secrets?: ContainerSecrets;
}

/**
 * Encrypts what passes into one `DBBKENC1` file, with a data key of its own: an attempt that failed is begun anew with
 * another sink, never gone on with. Holds two frames.
 */
export class EncryptingSink implements ByteSink {
  /** The header as it is stored, for the metadata. */
  readonly header: Buffer;
  readonly #target: ByteSink;
  readonly #cipher: FrameCipher;
  readonly #plain: Buffer;
  readonly #stored: Buffer;
  #filled = 0;
  #frames = 0;
  #isBegun = false;

  private constructor(target: ByteSink, header: Buffer, cipher: FrameCipher, frameSize: number) {
    this.#target = target;
    this.header = header;
    this.#cipher = cipher;
    this.#plain = Buffer.allocUnsafe(frameSize);
    this.#stored = Buffer.allocUnsafe(frameSize + TAG_LENGTH);
  }

  static async open(target: ByteSink, options: EncryptOptions): Promise<EncryptingSink> {
    const { context, recipients, frameSize = FRAME_SIZE, secrets = drawn() } = options;
    const { dataKey, fileId, salt } = secrets;
    const bound = boundHeader({ frameSize, fileId, salt, context });
    const stanzas = await Promise.all(recipients.map((recipient) => recipient.stanza(dataKey, bound)));
    const keys = containerKeys(dataKey, salt, bound.bytes);
    return new EncryptingSink(target, encodeHeader(bound, stanzas, keys), new FrameCipher(keys.payload), frameSize);
  }

  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    // A full frame waits until it is known not to be the last; what fills it is encrypted from where it lies.
    for (let room = this.#roomLeft(); bytes.length - at > room; room = this.#roomLeft()) {
      await this.#seal(false, bytes.subarray(at, at + room));
      at += room;
    }
    this.#plain.set(bytes.subarray(at), this.#filled);
    this.#filled += bytes.length - at;
  }

  /** Writes the last frame, without which the file is not whole. */
  async end(): Promise<void> {
    await this.#seal(true);
  }

  #roomLeft(): number {
    return this.#plain.length - this.#filled;
  }

  /** @param rest of the frame, behind what was kept of it */
  async #seal(isLast: boolean, rest?: Uint8Array): Promise<void> {
    if (!this.#isBegun) await this.#target.write(this.header);
    this.#isBegun = true;
    if (this.#frames >= MAX_FRAMES) throw new RangeError("too much for one encrypted file");
    const kept = this.#plain.subarray(0, this.#filled);
    const plain = rest === undefined ? [kept] : [kept, rest];
    const stored = this.#cipher.seal(this.#frames, isLast, plain, this.#stored);
    this.#frames += 1;
    this.#filled = 0;
    await this.#target.write(stored);
  }
}

function drawn(): ContainerSecrets {
  return { dataKey: randomBytes(KEY_LENGTH), fileId: randomBytes(16), salt: randomBytes(KEY_LENGTH) };
}
