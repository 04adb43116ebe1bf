import type { ObjectFrames, OpenedObject } from "../../ports/storage.ts";
import { damagedContainer } from "./container-error.ts";
import { decodeHeader, headerLength } from "./container-header.ts";
import { At, TAG_LENGTH } from "./container-layout.ts";
import { checkLength, type DecryptOptions } from "./decrypt-stream.ts";
import { openFrame } from "./open-frame.ts";
import { type UnlockedContainer, unlockContainer } from "./unlock-container.ts";

/**
 * An encrypted file whose plain bytes are read at any place: whoever reads objects need not know that it is encrypted. Each frame
 * is proved before a byte of it is given; opening proves the last one, and so the length. Holds one frame, and one for
 * each call under way.
 */
export class ContainerObject implements OpenedObject {
  readonly #stored: OpenedObject;
  readonly #container: UnlockedContainer;
  readonly #framesAt: number;
  readonly #frames: number;
  /** Calls for neighbouring places often want the same frame. */
  #recent: { readonly index: number; readonly plain: Promise<Buffer> } | undefined;

  private constructor(stored: OpenedObject, container: UnlockedContainer, framesAt: number) {
    this.#stored = stored;
    this.#container = container;
    this.#framesAt = framesAt;
    this.#frames = Math.max(1, Math.ceil((stored.size - framesAt) / this.#frameLength));
  }

  /**
   * @param stored the encrypted file; it is closed with what is answered
   * @param isSalvaged the last frame may be damaged, or missing: then the length is what is there
   * @throws BackupError KEY, DAMAGED, UNSUPPORTED_FORMAT, IO
   */
  static async open(stored: OpenedObject, options: DecryptOptions, isSalvaged = false): Promise<ContainerObject> {
    const header = await readHeader(stored);
    const container = await unlockContainer(decodeHeader(header), options);
    const object = new ContainerObject(stored, container, header.length);
    if (!isSalvaged) await object.#frame(object.#frames - 1);
    options.onUnlocked?.(container);
    return object;
  }

  get key(): string {
    return this.#stored.key;
  }

  /** Of the plain bytes. */
  get size(): number {
    return Math.max(0, this.#stored.size - this.#framesAt - this.#frames * TAG_LENGTH);
  }

  get frames(): ObjectFrames {
    return {
      plainBytes: this.#container.header.frameSize,
      stored: (index) => {
        const from = this.#framesAt + index * this.#frameLength;
        return { from, to: Math.min(from + this.#frameLength, this.#stored.size) };
      },
    };
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    const { frameSize } = this.#container.header;
    const wanted = Math.max(0, Math.min(target.length, this.size - position));
    for (let done = 0; done < wanted; ) {
      const at = position + done;
      const index = Math.floor(at / frameSize);
      const plain = await this.#frame(index);
      const piece = plain.subarray(at - index * frameSize).subarray(0, wanted - done);
      target.set(piece, done);
      done += piece.length;
    }
    return wanted;
  }

  close(): Promise<void> {
    return this.#stored.close();
  }

  get #frameLength(): number {
    return this.#container.header.frameSize + TAG_LENGTH;
  }

  #frame(index: number): Promise<Buffer> {
    if (this.#recent?.index === index) return this.#recent.plain;
    const plain = this.#readFrame(index);
    this.#recent = { index, plain };
    return plain;
  }

  async #readFrame(index: number): Promise<Buffer> {
    const offset = this.#framesAt + index * this.#frameLength;
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(this.#frameLength, this.#stored.size - offset)));
    const count = await this.#stored.readAt(offset, bytes);
    checkLength({ count, index, offset });
    const isLast = index === this.#frames - 1;
    return openFrame(this.#container.cipher, { index, isLast, offset, bytes: bytes.subarray(0, count) });
  }
}

/** @throws BackupError DAMAGED, UNSUPPORTED_FORMAT, IO */
export async function readHeader(stored: OpenedObject): Promise<Buffer> {
  const first = Buffer.alloc(At.keyBlock);
  const count = await stored.readAt(0, first);
  const header = Buffer.alloc(headerLength(first.subarray(0, count)));
  if ((await stored.readAt(0, header)) < header.length) throw damagedContainer("is cut off in its header");
  return header;
}
