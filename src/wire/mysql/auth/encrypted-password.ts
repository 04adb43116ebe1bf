import { constants, createPublicKey, type KeyObject, publicEncrypt } from "node:crypto";
import { malformed } from "../packets/packet-reader.ts";

/** The password as the sha2 plugins want it over a channel that is not secret: mixed with the nonce, for the server's key. */
export function encryptedPassword(password: string, nonce: Buffer, key: KeyObject): Buffer {
  const text = zeroTerminated(password);
  const mixed = Buffer.from(text.map((byte, index) => byte ^ nonce[index % nonce.length]!));
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, mixed);
}

/** @param pem what the server sent @throws BackupError PROTOCOL */
export function publicKeyOf(pem: Buffer): KeyObject {
  try {
    return createPublicKey(pem.toString("latin1"));
  } catch {
    throw malformed("something that is no public key");
  }
}

export function zeroTerminated(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
