import { createHash } from "node:crypto";

/** `mysql_native_password`: SHA1(p) XOR SHA1(nonce, SHA1(SHA1(p))). An empty password proves itself with nothing. */
export function nativePasswordProof(password: string, nonce: Buffer): Buffer {
  if (password === "") return Buffer.alloc(0);
  const once = digest("sha1", Buffer.from(password));
  return xor(once, digest("sha1", nonce, digest("sha1", once)));
}

/** `caching_sha2_password`, for a server that has the password in its cache: SHA256(p) XOR SHA256(SHA256(SHA256(p)), nonce). */
export function cachingSha2Proof(password: string, nonce: Buffer): Buffer {
  if (password === "") return Buffer.alloc(0);
  const once = digest("sha256", Buffer.from(password));
  return xor(once, digest("sha256", digest("sha256", once), nonce));
}

function digest(algorithm: "sha1" | "sha256", ...parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ b[index]!));
}
