import { KEY_LENGTH } from "../container-layout.ts";
import { derive } from "../derive-keys.ts";
import { changedFor, type KeyHolder, type Recipient } from "../recipient.ts";
import { KEY_ID_LENGTH, StanzaType } from "../stanza.ts";
import { unwrapKey, wrapKey } from "../wrap-key.ts";

/** Names a key without telling anything of it. */
export function keyIdOf(key: Uint8Array): Buffer {
  return derive(key, Buffer.alloc(0), "key id").subarray(0, KEY_ID_LENGTH);
}

/** Who has 32 random bytes, reads and writes. */
export function rawKey(key: Buffer): Recipient & KeyHolder {
  if (key.length !== KEY_LENGTH) throw new RangeError(`a key has ${KEY_LENGTH} bytes`);
  const type = StanzaType.rawKey;
  const keyId = keyIdOf(key);
  return {
    stanza: async (dataKey, header) => ({ type, keyId, body: wrapKey(key, dataKey, { type, keyId, header }) }),
    open: async (stanza, header) => {
      if (stanza.type !== type || !stanza.keyId.equals(keyId)) return undefined;
      return unwrapKey(key, stanza.body, { type, keyId, header }) ?? changedFor(stanza);
    },
  };
}
