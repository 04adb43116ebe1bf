import type { BackupError } from "../../core/backup-error.ts";
import { damagedContainer } from "./container-error.ts";
import type { FrameCipher } from "./frame-cipher.ts";

/** A frame as it lies in the file. */
export interface StoredFrame {
  readonly index: number;
  readonly isLast: boolean;
  /** Where it begins, in the file. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * Opens a frame, or says what is wrong with it.
 * @throws BackupError DAMAGED, with the place
 */
export function openFrame(cipher: FrameCipher, frame: StoredFrame): Buffer {
  const plain = cipher.open(frame.index, frame.isLast, frame.bytes);
  if (plain === undefined) throw frameError(cipher, frame);
  return plain;
}

function frameError(cipher: FrameCipher, { index, isLast, offset, bytes }: StoredFrame): BackupError {
  const isWhole = cipher.open(index, !isLast, bytes) !== undefined;
  if (isWhole) {
    return isLast
      ? damagedContainer(`is cut off at byte ${offset + bytes.length}: there was more`)
      : damagedContainer(`goes on behind its end, at byte ${offset + bytes.length}`);
  }
  return damagedContainer(`was changed in frame ${index}, at byte ${offset} or behind it`);
}
