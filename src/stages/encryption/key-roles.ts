import { publicKeyBytes } from "../../core/public-key-bytes.ts";
import type { KeyMaterial } from "../../ports/encryption.ts";
import type { KeyHolder, Recipient } from "./recipient.ts";
import { passphraseHolder, passphraseRecipient } from "./recipients/passphrase.ts";
import { privateKeyHolder, publicKeyId, publicKeyRecipient } from "./recipients/public-key.ts";
import { keyIdOf, rawKey } from "./recipients/raw-key.ts";
import { transitKeyId, transitRecipient } from "./recipients/transit.ts";

/** For whom a key encrypts. A private key encrypts for its own public one. */
export function recipientOf(material: KeyMaterial): Recipient {
  switch (material.kind) {
    case "raw":
      return rawKey(material.key);
    case "transit":
      return transitRecipient(material.name, material.key);
    case "passphrase":
      return passphraseRecipient(material.passphrase);
    case "private":
      return publicKeyRecipient(material.curve, publicKeyBytes(material.key));
    case "public":
      return publicKeyRecipient(material.curve, material.bytes);
  }
}

/** What a key opens; undefined for one that only writes. */
export function holderOf(material: KeyMaterial): KeyHolder | undefined {
  switch (material.kind) {
    case "raw":
      return rawKey(material.key);
    case "transit":
      return transitRecipient(material.name, material.key);
    case "passphrase":
      return passphraseHolder(material.passphrase);
    case "private":
      return privateKeyHolder(material.curve, material.key);
    case "public":
      return undefined;
  }
}

/** 32 hexadecimal digits that name a key in files; undefined for passphrases, which have no name. */
export function keyIdOfMaterial(material: KeyMaterial): string | undefined {
  switch (material.kind) {
    case "raw":
      return keyIdOf(material.key).toString("hex");
    case "transit":
      return transitKeyId(material.name).toString("hex");
    case "passphrase":
      return undefined;
    case "private":
      return publicKeyId(publicKeyBytes(material.key)).toString("hex");
    case "public":
      return publicKeyId(material.bytes).toString("hex");
  }
}
