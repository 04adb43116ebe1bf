import { type KeyObject, sign, verify } from "node:crypto";
import { writerKeyText } from "../../core/writer-key.ts";
import type { Signature } from "../../ports/encryption.ts";

/** @param key private, of Ed25519 */
export function signMessage(message: Uint8Array, key: KeyObject): Signature {
  return { key: writerKeyText(key), value: sign(null, message, key).toString("base64") };
}

/** Whether one of these keys signed it. Which key the signature names is of no account. */
export function isSignedBy(message: Uint8Array, { value }: Signature, keys: readonly KeyObject[]): boolean {
  const bytes = Buffer.from(value, "base64");
  return keys.some((key) => verify(null, message, key, bytes));
}
