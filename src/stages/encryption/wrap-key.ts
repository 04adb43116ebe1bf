import { createCipheriv, createDecipheriv } from "node:crypto";
import type { BoundHeader } from "./container-header.ts";
import { KEY_LENGTH, TAG_LENGTH } from "./container-layout.ts";
import { derive } from "./derive-keys.ts";

/** Each wrapping key is used once: it hangs on the file's id and salt. */
const NONCE = Buffer.alloc(12);

/** What a wrapping key hangs on. */
export interface WrapFor {
  readonly type: number;
  readonly keyId: Buffer;
  readonly header: BoundHeader;
  /** Public keys of an agreement. */
  readonly bound?: readonly Uint8Array[];
}

/** The data key under a recipient's secret: 48 bytes. */
export function wrapKey(secret: Uint8Array, dataKey: Uint8Array, purpose: WrapFor): Buffer {
  const cipher = createCipheriv("aes-256-gcm", wrappingKey(secret, purpose), NONCE, { authTagLength: TAG_LENGTH });
  cipher.setAAD(purpose.header.bytes);
  return Buffer.concat([cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
}

/** @returns undefined when it was wrapped for another secret, or file */
export function unwrapKey(secret: Uint8Array, wrapped: Buffer, purpose: WrapFor): Buffer | undefined {
  const key = wrappingKey(secret, purpose);
  const decipher = createDecipheriv("aes-256-gcm", key, NONCE, { authTagLength: TAG_LENGTH });
  decipher.setAAD(purpose.header.bytes);
  decipher.setAuthTag(wrapped.subarray(KEY_LENGTH));
  const dataKey = decipher.update(wrapped.subarray(0, KEY_LENGTH));
  try {
    decipher.final();
    return dataKey;
  } catch {
    return undefined;
  }
}

function wrappingKey(secret: Uint8Array, { type, keyId, header, bound = [] }: WrapFor): Buffer {
  return derive(secret, header.salt, "wrap", Buffer.from([type]), keyId, header.fileId, ...bound);
}
