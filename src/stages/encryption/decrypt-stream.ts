import { ByteReader } from "../byte-reader.ts";
import { damagedContainer } from "./container-error.ts";
import { decodeHeader, headerLength } from "./container-header.ts";
import { At, MAX_FRAMES, TAG_LENGTH } from "./container-layout.ts";
import { openFrame } from "./open-frame.ts";
import { type UnlockedContainer, type UnlockWith, unlockContainer } from "./unlock-container.ts";

export interface DecryptOptions extends UnlockWith {
  /** Called once the header is proved, before the first plain byte. */
  readonly onUnlocked?: (container: UnlockedContainer) => void;
}

/**
 * Plain bytes of an encrypted file that is read from its beginning, a frame at a time. Each piece is proved when it comes, the end
 * is only when there is no error: whoever passes pieces on must be able to take them back. Holds two frames.
 * @throws BackupError KEY, DAMAGED, UNSUPPORTED_FORMAT
 */
export async function* decryptStream(
  source: AsyncIterable<Uint8Array>,
  { onUnlocked, ...unlocking }: DecryptOptions,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  try {
    const stored = await readHeader(reader);
    const container = await unlockContainer(decodeHeader(stored), unlocking);
    onUnlocked?.(container);
    const { cipher, header } = container;
    const length = header.frameSize + TAG_LENGTH;
    let [bytes, next] = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)];
    let count = await reader.fill(bytes);
    let offset = stored.length;
    for (let index = 0; ; index++) {
      // Whether a frame is the last is seen by what follows, and proved by its nonce.
      const following = await reader.fill(next);
      const isLast = following === 0;
      checkLength({ count, index, offset });
      yield openFrame(cipher, { index, isLast, offset, bytes: bytes.subarray(0, count) });
      if (isLast) return;
      offset += count;
      count = following;
      [bytes, next] = [next, bytes];
    }
  } finally {
    await reader.close();
  }
}

/** @throws BackupError DAMAGED */
export function checkLength(frame: { count: number; index: number; offset: number }): void {
  const { count, index, offset } = frame;
  if (count < TAG_LENGTH || (count === TAG_LENGTH && index > 0)) {
    throw damagedContainer(`is cut off at byte ${offset + count}`);
  }
  if (index >= MAX_FRAMES) throw damagedContainer(`has more than ${MAX_FRAMES} frames`);
}

async function readHeader(reader: ByteReader): Promise<Buffer> {
  const first = Buffer.alloc(At.keyBlock);
  const count = await reader.fill(first);
  const length = headerLength(first.subarray(0, count));
  const rest = Buffer.alloc(length - first.length);
  if ((await reader.fill(rest)) < rest.length) throw damagedContainer("is cut off in its header");
  return Buffer.concat([first, rest]);
}
