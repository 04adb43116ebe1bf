import { createHash, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { Authority, type KeyKind } from "../../../../tests/helpers/certificates.ts";
import { certificateHash } from "./certificate-hash.ts";

function certificate(keyKind: KeyKind): Buffer {
  return new X509Certificate(new Authority("hash test", { keyKind }).certificate).raw;
}

test.each(["ec", "rsa"] as const)("a certificate signed by SHA-256 with %s is hashed with SHA-256", (keyKind) => {
  const bytes = certificate(keyKind);
  expect(certificateHash(bytes)).toEqual(createHash("sha256").update(bytes).digest());
});

test("a certificate whose signature names no hash is refused", () => {
  expect(() => certificateHash(certificate("ed25519"))).toThrow(expect.objectContaining({ code: "AUTH" }));
});
