import { createPublicKey, type KeyObject } from "node:crypto";

/** Kinds of key pairs. `p256` is for places where FIPS 140 counts. */
export type KeyCurve = "x25519" | "p256";

/** Of a public key: X25519's u-coordinate, or an uncompressed point. */
const lengths: Readonly<Record<KeyCurve, number>> = { x25519: 32, p256: 65 };

/** A public key as it stands in files. Of a private key, its public one. */
export function publicKeyBytes(key: KeyObject): Buffer {
  const { kty, x = "", y = "" } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  const coordinates = [x, y].map((text) => Buffer.from(text, "base64url"));
  return kty === "OKP" ? coordinates[0]! : Buffer.concat([Buffer.from([4]), ...coordinates]);
}

/** @throws Error when it is none: of another length, or no point of the curve */
export function publicKeyOfBytes(curve: KeyCurve, bytes: Buffer): KeyObject {
  if (bytes.length !== lengths[curve]) throw new RangeError(`a public key of ${bytes.length} bytes`);
  const text = (from: number, to: number) => bytes.subarray(from, to).toString("base64url");
  if (curve === "x25519") return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "X25519", x: text(0, 32) } });
  if (bytes[0] !== 4) throw new RangeError("a point that is not written out");
  return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x: text(1, 33), y: text(33, 65) } });
}
