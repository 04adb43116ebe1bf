import { createPublicKey, type KeyObject } from "node:crypto";

const PREFIX = "ed25519:";

/** A public key of Ed25519 as users and files name it. Of a private key, its public one. */
export function writerKeyText(key: KeyObject): string {
  const { x = "" } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return `${PREFIX}${Buffer.from(x, "base64url").toString("base64")}`;
}

/** @throws Error when it is none */
export function writerKeyOfText(text: string): KeyObject {
  const bytes = Buffer.from(text.slice(PREFIX.length), "base64");
  if (!text.startsWith(PREFIX) || bytes.length !== 32) throw new RangeError("no public key of a writer");
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") } });
}
