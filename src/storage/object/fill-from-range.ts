import type { Readable } from "node:stream";
import { unusableAnswer } from "./transfer-errors.ts";

/** The answer to a request for a range of an object. */
export interface RangeAnswer {
  readonly body: Readable;
  /** Its header `Content-Range`. */
  readonly contentRange: string | undefined;
}

/**
 * Fills `target` with the bytes from `position` on that the answer must hold.
 * @param object its URL
 * @throws BackupError IO when other bytes came, or fewer
 */
export async function fillFromRange(
  { body, contentRange }: RangeAnswer,
  position: number,
  target: Uint8Array,
  object: string,
): Promise<void> {
  // A service that ignores ranges would give other bytes than were asked for.
  if (contentRange?.startsWith(`bytes ${position}-${position + target.length - 1}/`) !== true) {
    body.destroy();
    throw unusableAnswer("the service does not answer with the range that was asked for", object);
  }
  let filled = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    if (filled + piece.length > target.length) break;
    target.set(piece, filled);
    filled += piece.length;
  }
  if (filled !== target.length) {
    throw unusableAnswer(`${filled} of ${target.length} bytes came from byte ${position} on`, object);
  }
}
