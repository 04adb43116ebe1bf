import { createHash, X509Certificate } from "node:crypto";
import { BackupError } from "../../../core/backup-error.ts";

/** Digest by the object identifier of the certificate's signature algorithm (RFC 5929: MD5 and SHA-1 become SHA-256). */
const digestOfSignature: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "sha256", // md5WithRSAEncryption
  "1.2.840.113549.1.1.5": "sha256", // sha1WithRSAEncryption
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.113549.1.1.14": "sha224",
  "1.2.840.10045.4.1": "sha256", // ecdsa-with-SHA1
  "1.2.840.10045.4.3.1": "sha224",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
};

/**
 * `tls-server-end-point` of RFC 5929: the hash of the server's certificate, with the digest of its own signature.
 * @throws BackupError AUTH for signatures that name no single digest (Ed25519, RSASSA-PSS): server and client could differ.
 */
export function certificateHash(certificate: Buffer): Buffer {
  const { signatureAlgorithmOid, signatureAlgorithm } = new X509Certificate(certificate);
  const digest = Object.hasOwn(digestOfSignature, signatureAlgorithmOid ?? "")
    ? digestOfSignature[signatureAlgorithmOid!]
    : undefined;
  if (digest === undefined) {
    throw new BackupError({
      code: "AUTH",
      message: `the server's certificate is signed with "${signatureAlgorithm}", which cannot be used for channel binding`,
      hint: "set channel_binding=disable, or give the server a certificate signed with RSA or ECDSA",
    });
  }
  return createHash(digest).update(certificate).digest();
}
