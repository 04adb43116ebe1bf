import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { publicKeyOfBytes } from "../../core/public-key-bytes.ts";
import { headerMac } from "./derive-keys.ts";
import { FrameCipher } from "./frame-cipher.ts";
import { agree } from "./recipients/public-key.ts";

interface Vectors {
  /** Number, key, nonce, additional data, plain text, cipher text, tag, whether it is right. */
  readonly aes_gcm: readonly [number, string, string, string, string, string, string, boolean][];
  /** Number, key, salt, info, what comes out. */
  readonly hkdf_sha256: readonly [number, string, string, string, string][];
  /** Number, key, message, tag, whether it is right. */
  readonly hmac_sha256: readonly [number, string, string, string, boolean][];
  /** Number, public key, private key, shared secret, whether that is nothing but zeros. */
  readonly x25519: readonly [number, string, string, string, boolean][];
}

const path = new URL("../../../tests/vectors/wycheproof.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vectors;
const bytes = (hex: string) => Buffer.from(hex, "hex");
// As the stage calls it.
const options = { authTagLength: 16 } as const;

test.each(vectors.aes_gcm)("AES-GCM %i", (_, key, nonce, aad, plain, stored, tag, isRight) => {
  const decipher = createDecipheriv("aes-256-gcm", bytes(key), bytes(nonce), options);
  decipher.setAAD(bytes(aad));
  decipher.setAuthTag(bytes(tag));
  const opened = decipher.update(bytes(stored));
  if (!isRight) {
    expect(() => decipher.final()).toThrow();
    return;
  }
  decipher.final();
  expect(opened.toString("hex")).toBe(plain);
  const cipher = createCipheriv("aes-256-gcm", bytes(key), bytes(nonce), options);
  cipher.setAAD(bytes(aad));
  const sealed = Buffer.concat([cipher.update(bytes(plain)), cipher.final(), cipher.getAuthTag()]);
  expect(sealed.toString("hex")).toBe(stored + tag);
});

test("AES-GCM 128, whose nonce is that of a first frame, through the stage", () => {
  const [, key, , , plain, stored, tag] = vectors.aes_gcm.find(([number]) => number === 128)!;
  const cipher = new FrameCipher(bytes(key));
  // In two parts, as frames lie whose beginning came with earlier bytes.
  const parts = [bytes(plain).subarray(0, 5), bytes(plain).subarray(5)];
  const target = Buffer.alloc((stored.length + tag.length) / 2);
  expect(cipher.seal(0, false, parts, target).toString("hex")).toBe(stored + tag);
  expect(cipher.open(0, false, bytes(stored + tag))?.toString("hex")).toBe(plain);
  expect(cipher.open(1, false, bytes(stored + tag))).toBeUndefined();
});

test.each(vectors.hkdf_sha256)("HKDF-SHA-256 %i", (_, key, salt, info, output) => {
  const found = hkdfSync("sha256", bytes(key), bytes(salt), bytes(info), output.length / 2);
  expect(Buffer.from(found).toString("hex")).toBe(output);
});

test.each(vectors.hmac_sha256)("HMAC-SHA-256 %i", (_, key, message, tag, isRight) => {
  const keys = { payload: Buffer.alloc(0), commitment: Buffer.alloc(0), header: bytes(key) };
  expect(timingSafeEqual(headerMac(keys, bytes(message)), bytes(tag))).toBe(isRight);
});

/** What stands before the 32 bytes of a private key in PKCS #8 (RFC 8410). */
const privateKeyHead = "302e020100300506032b656e04220420";

test("X25519: each shared secret, and none that is nothing but zeros", () => {
  expect(vectors.x25519.length).toBeGreaterThan(500);
  for (const [number, theirs, ours, secret, isZero] of vectors.x25519) {
    const privateKey = createPrivateKey({ key: bytes(privateKeyHead + ours), format: "der", type: "pkcs8" });
    const found = agree(privateKey, publicKeyOfBytes("x25519", bytes(theirs)));
    expect([number, found?.toString("hex")]).toEqual([number, isZero ? undefined : secret]);
  }
});
