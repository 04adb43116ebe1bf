import type { TransitKey } from "../../../ports/encryption.ts";
import { damagedContainer } from "../container-error.ts";
import { derive } from "../derive-keys.ts";
import { changedFor, type KeyHolder, type Recipient } from "../recipient.ts";
import { KEY_ID_LENGTH, StanzaType } from "../stanza.ts";

/** Vault's texts of 32 bytes have some 90 characters; more is none of them. */
const MAX_TEXT = 4096;

/** Names a key of a transit engine by mount and name, which it goes by in Vault. */
export function transitKeyId(name: string): Buffer {
  return derive(Buffer.from(name, "utf8"), Buffer.alloc(0), "key id").subarray(0, KEY_ID_LENGTH);
}

/** A key that Vault keeps: it wraps and unwraps data keys there. Who may ask for which of both is Vault's policy. */
export function transitRecipient(name: string, key: TransitKey): Recipient & KeyHolder {
  const type = StanzaType.transit;
  const keyId = transitKeyId(name);
  return {
    async stanza(dataKey) {
      const text = Buffer.from(await key.wrap(dataKey), "utf8");
      if (text.length > MAX_TEXT) throw new RangeError("an answer of Vault that is too long");
      const length = Buffer.alloc(2);
      length.writeUInt16BE(text.length);
      return { type, keyId, body: Buffer.concat([length, text]) };
    },
    async open(stanza) {
      if (stanza.type !== type || !stanza.keyId.equals(keyId)) return undefined;
      const text = stanza.body.subarray(2).toString("latin1");
      if (text.length > MAX_TEXT || !/^[\x21-\x7e]+$/.test(text)) {
        throw damagedContainer("has a damaged key block: what Vault wrapped is no text of it");
      }
      return (await key.unwrap(text)) ?? changedFor(stanza);
    },
  };
}
