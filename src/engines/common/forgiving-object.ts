import { BackupError } from "../../core/backup-error.ts";
import type { ObjectFrames, OpenedObject } from "../../ports/storage.ts";

/** Plain bytes that cannot be read, or are not what was written. */
export interface Hole {
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
  readonly message: string;
}

/**
 * A damaged object that is read all the same: frames that cannot be proved give zeros, and are noted. For whoever looks for
 * what is whole; nothing that touches a hole may be used.
 */
export class ForgivingObject implements OpenedObject {
  readonly #object: OpenedObject;
  readonly #holes = new Map<number, Hole>();
  /** Holes as they are told; undefined when there is a new one. */
  #joined: readonly Hole[] | undefined = [];
  #isStrict = false;

  constructor(object: OpenedObject) {
    this.#object = object;
  }

  get key(): string {
    return this.#object.key;
  }

  get size(): number {
    return this.#object.size;
  }

  get frames(): ObjectFrames | undefined {
    return this.#object.frames;
  }

  /** As far as it was read, in their order; those that touch each other are one. */
  get holes(): readonly Hole[] {
    if (this.#joined !== undefined) return this.#joined;
    const joined: Hole[] = [];
    for (const hole of [...this.#holes.values()].toSorted((one, other) => one.from - other.from)) {
      const before = joined.at(-1);
      if (before === undefined || before.to < hole.from) joined.push(hole);
      else joined[joined.length - 1] = { ...before, to: hole.to };
    }
    this.#joined = joined;
    return joined;
  }

  /** The first hole that has bytes in common with a range. */
  holeIn(from: number, to: number): Hole | undefined {
    return this.holes.find((hole) => hole.from < to && hole.to > from);
  }

  /** From now on what cannot be proved is an error again: for whoever uses what was found whole. */
  becomeStrict(): void {
    this.#isStrict = true;
  }

  /** Reads all of an encrypted object, and so finds every hole: others have none. */
  async findHoles(signal?: AbortSignal): Promise<void> {
    const { frames, size } = this.#object;
    if (frames === undefined) return;
    const piece = Buffer.alloc(frames.plainBytes);
    for (let at = 0; at < size; at += piece.length) {
      signal?.throwIfAborted();
      await this.readAt(at, piece);
    }
  }

  async readAt(position: number, target: Uint8Array): Promise<number> {
    const { frames, size } = this.#object;
    try {
      return await this.#object.readAt(position, target);
    } catch (error) {
      if (frames === undefined || this.#isStrict || !isDamage(error)) throw error;
    }
    const end = Math.min(position + target.length, size);
    for (let at = position; at < end; ) {
      const index = Math.floor(at / frames.plainBytes);
      const next = Math.min((index + 1) * frames.plainBytes, end);
      const piece = target.subarray(at - position, next - position);
      try {
        await this.#object.readAt(at, piece);
      } catch (error) {
        if (!isDamage(error)) throw error;
        piece.fill(0);
        const from = index * frames.plainBytes;
        const to = Math.min(from + frames.plainBytes, size);
        this.#holes.set(index, { from, to, message: error.message });
        this.#joined = undefined;
      }
      at = next;
    }
    return Math.max(0, end - position);
  }

  close(): Promise<void> {
    return this.#object.close();
  }
}

/** Whether an error says that the backup is not what was written, and nothing else. */
export function isDamage(error: unknown): error is BackupError {
  return error instanceof BackupError && (error.code === "DAMAGED" || error.code === "FOREIGN_FILE");
}
