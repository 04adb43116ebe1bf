import { diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import { BackupError } from "../../../core/backup-error.ts";
import { type KeyCurve, publicKeyBytes, publicKeyOfBytes } from "../../../core/public-key-bytes.ts";
import { derive } from "../derive-keys.ts";
import { changedFor, type KeyHolder, type Recipient } from "../recipient.ts";
import { KEY_ID_LENGTH, StanzaType } from "../stanza.ts";
import { unwrapKey, wrapKey } from "../wrap-key.ts";

/** A public key as it stands in files: 32 bytes, or an uncompressed point of 65. */
export type PublicBytes = Buffer;

const curves = {
  x25519: { type: StanzaType.x25519, length: 32 },
  p256: { type: StanzaType.p256, length: 65 },
} as const;

/** Who has the public key only writes; who has the private one reads. */
export function publicKeyRecipient(curve: KeyCurve, recipient: PublicBytes): Recipient {
  const { type } = curves[curve];
  const keyId = publicKeyId(recipient);
  const theirs = publicKeyOfBytes(curve, recipient);
  return {
    async stanza(dataKey, header) {
      // A new pair for each file: who takes this machine later cannot read what it wrote.
      const pair = newPair(curve);
      const ours = publicKeyBytes(pair.publicKey);
      const secret = agree(pair.privateKey, theirs);
      if (secret === undefined) throw worthless(curve);
      const wrapped = wrapKey(secret, dataKey, { type, keyId, header, bound: [ours, recipient] });
      return { type, keyId, body: Buffer.concat([ours, wrapped]) };
    },
  };
}

/** @param privateKey of the curve */
export function privateKeyHolder(curve: KeyCurve, privateKey: KeyObject): KeyHolder {
  const { type, length } = curves[curve];
  const recipient = publicKeyBytes(privateKey);
  const keyId = publicKeyId(recipient);
  return {
    async open(stanza, header) {
      if (stanza.type !== type || !stanza.keyId.equals(keyId)) return undefined;
      const ephemeral = stanza.body.subarray(0, length);
      const theirs = tryPublicKey(curve, ephemeral);
      const secret = theirs && agree(privateKey, theirs);
      if (secret === undefined) return changedFor(stanza);
      const bound = [ephemeral, recipient];
      return unwrapKey(secret, stanza.body.subarray(length), { type, keyId, header, bound }) ?? changedFor(stanza);
    },
  };
}

export function newPair(curve: KeyCurve): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return curve === "x25519" ? generateKeyPairSync("x25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function worthless(curve: KeyCurve): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: `a recipient is a public key of ${curve} whose secret everybody knows`,
    hint: '"dbbackup keys generate" makes a key pair',
  });
}

/** Names a public key. */
export function publicKeyId(key: PublicBytes): Buffer {
  return derive(key, Buffer.alloc(0), "key id").subarray(0, KEY_ID_LENGTH);
}

function tryPublicKey(curve: KeyCurve, bytes: Buffer): KeyObject | undefined {
  try {
    return publicKeyOfBytes(curve, bytes);
  } catch {
    return undefined;
  }
}

/** Undefined for a key of small order, whose secret everybody knows. */
export function agree(privateKey: KeyObject, publicKey: KeyObject): Buffer | undefined {
  try {
    const secret = diffieHellman({ privateKey, publicKey });
    return secret.every((byte) => byte === 0) ? undefined : secret;
  } catch {
    return undefined;
  }
}
