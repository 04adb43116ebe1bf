import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import { derive } from "../derive-keys.ts";
import { changedFor, type KeyHolder, type Recipient } from "../recipient.ts";
import { KEY_ID_LENGTH, StanzaType } from "../stanza.ts";
import { unwrapKey, wrapKey } from "../wrap-key.ts";

/** Kinds of key pairs: `p256` where FIPS 140 counts. */
export type Curve = "x25519" | "p256";

/** A public key as it stands in files: 32 bytes, or an uncompressed point of 65. */
export type PublicBytes = Buffer;

const curves = {
  x25519: { type: StanzaType.x25519, length: 32 },
  p256: { type: StanzaType.p256, length: 65 },
} as const;

/** Who has the public key only writes; who has the private one reads. */
export function publicKeyRecipient(curve: Curve, recipient: PublicBytes): Recipient {
  const { type } = curves[curve];
  const keyId = publicKeyId(recipient);
  const theirs = publicKeyOf(curve, recipient);
  return {
    async stanza(dataKey, header) {
      // A new pair for each file: who takes this machine later cannot read what it wrote.
      const pair = newPair(curve);
      const ours = publicBytes(pair.publicKey);
      const secret = agree(pair.privateKey, theirs);
      if (secret === undefined) throw new Error("a public key that no secret can be agreed on with");
      const wrapped = wrapKey(secret, dataKey, { type, keyId, header, bound: [ours, recipient] });
      return { type, keyId, body: Buffer.concat([ours, wrapped]) };
    },
  };
}

/** @param privateKey of the curve */
export function privateKeyHolder(curve: Curve, privateKey: KeyObject): KeyHolder {
  const { type, length } = curves[curve];
  const recipient = publicBytes(createPublicKey(privateKey));
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

export function newPair(curve: Curve): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return curve === "x25519" ? generateKeyPairSync("x25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
}

export function publicBytes(key: KeyObject): PublicBytes {
  const { kty, x = "", y = "" } = key.export({ format: "jwk" });
  const bytes = (text: string) => Buffer.from(text, "base64url");
  return kty === "OKP" ? bytes(x) : Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
}

/** @throws Error when it is none: on another curve, or not on this one */
export function publicKeyOf(curve: Curve, bytes: PublicBytes): KeyObject {
  if (bytes.length !== curves[curve].length) throw new RangeError(`a public key of ${bytes.length} bytes`);
  const text = (from: number, to: number) => bytes.subarray(from, to).toString("base64url");
  if (curve === "x25519") return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "X25519", x: text(0, 32) } });
  if (bytes[0] !== 4) throw new RangeError("a point that is not written out");
  return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x: text(1, 33), y: text(33, 65) } });
}

function publicKeyId(key: PublicBytes): Buffer {
  return derive(key, Buffer.alloc(0), "key id").subarray(0, KEY_ID_LENGTH);
}

function tryPublicKey(curve: Curve, bytes: Buffer): KeyObject | undefined {
  try {
    return publicKeyOf(curve, bytes);
  } catch {
    return undefined;
  }
}

/** Undefined for a key of small order, whose secret everybody knows. */
function agree(privateKey: KeyObject, publicKey: KeyObject): Buffer | undefined {
  try {
    const secret = diffieHellman({ privateKey, publicKey });
    return secret.every((byte) => byte === 0) ? undefined : secret;
  } catch {
    return undefined;
  }
}
