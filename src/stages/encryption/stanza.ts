import type { BackupError } from "../../core/backup-error.ts";
import { damagedContainer } from "./container-error.ts";
import { KEY_LENGTH, MAX_KEY_BLOCK, MAX_STANZAS, TAG_LENGTH } from "./container-layout.ts";

/** The kinds of recipients. */
export const StanzaType = { rawKey: 1, argon2: 2, pbkdf2: 3, x25519: 4, p256: 5, transit: 6 } as const;

/** The data key for one recipient. */
export interface Stanza {
  readonly type: number;
  /** 16 bytes that tell whose it is. */
  readonly keyId: Buffer;
  readonly body: Buffer;
}

export const KEY_ID_LENGTH = 16;
/** A data key under a recipient's key. */
export const WRAPPED_LENGTH = KEY_LENGTH + TAG_LENGTH;

const bodyLengths: ReadonlyMap<number, number> = new Map([
  [StanzaType.rawKey, WRAPPED_LENGTH],
  [StanzaType.argon2, 12 + 16 + WRAPPED_LENGTH],
  [StanzaType.pbkdf2, 4 + 16 + WRAPPED_LENGTH],
  [StanzaType.x25519, 32 + WRAPPED_LENGTH],
  [StanzaType.p256, 65 + WRAPPED_LENGTH],
]);
const HEAD_LENGTH = 4;

/** The key block: type, 0, length of what follows (2 bytes), key id, body, for each. */
export function encodeKeyBlock(stanzas: readonly Stanza[]): Buffer {
  if (stanzas.length === 0 || stanzas.length > MAX_STANZAS) {
    throw new RangeError(`an encrypted file has 1 to ${MAX_STANZAS} recipients, not ${stanzas.length}`);
  }
  const parts = stanzas.flatMap(({ type, keyId, body }) => {
    const head = Buffer.alloc(HEAD_LENGTH);
    head[0] = type;
    head.writeUInt16BE(keyId.length + body.length, 2);
    return [head, keyId, body];
  });
  const block = Buffer.concat(parts);
  if (block.length > MAX_KEY_BLOCK) throw new RangeError(`a key block of ${block.length} bytes is too long`);
  return block;
}

/**
 * Stanzas of types that are not known are kept: they are for other versions.
 * @param damaged the error of what holds the block
 * @throws BackupError DAMAGED
 */
export function decodeKeyBlock(block: Buffer, damaged: (what: string) => BackupError = damagedContainer): Stanza[] {
  const stanzas: Stanza[] = [];
  for (let at = 0; at < block.length; ) {
    const type = block[at]!;
    if (at + HEAD_LENGTH > block.length || block[at + 1] !== 0) throw damaged("has a damaged key block");
    const length = block.readUInt16BE(at + 2);
    const end = at + HEAD_LENGTH + length;
    if (length < KEY_ID_LENGTH || end > block.length) throw damaged("has a damaged key block");
    const keyId = block.subarray(at + HEAD_LENGTH, at + HEAD_LENGTH + KEY_ID_LENGTH);
    const body = block.subarray(at + HEAD_LENGTH + KEY_ID_LENGTH, end);
    if (!hasRightLength(type, body)) throw damaged("has a recipient of the wrong length in its key block");
    stanzas.push({ type, keyId, body });
    if (stanzas.length > MAX_STANZAS) throw damaged(`has more than ${MAX_STANZAS} recipients`);
    at = end;
  }
  if (stanzas.length === 0) throw damaged("has no recipients");
  return stanzas;
}

function hasRightLength(type: number, body: Buffer): boolean {
  if (type === StanzaType.transit) return body.length >= 2 && body.readUInt16BE(0) === body.length - 2;
  const length = bodyLengths.get(type);
  return length === undefined || length === body.length;
}
