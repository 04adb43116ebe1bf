import { createPrivateKey, pbkdf2Sync, randomBytes, sign } from "node:crypto";
import { malformed } from "../packets/packet-reader.ts";

/** Before the 32 bytes of a seed in PKCS #8 (RFC 8410, section 7). */
const ed25519Header = Buffer.from("302e020100300506032b657004220420", "hex");
const seedLength = 32;
const clientNonceLength = 32;
/** What the server may ask for at most: 1024 * 2^3 rounds are the most that MariaDB itself makes. */
const maxIterationsLog = 3;

/**
 * Answers the salt that the `parsec` plugin of MariaDB 11.6 and newer sends: `P`, the logarithm of the rounds, the salt.
 * (MariaDB Connector/C, plugins/auth/parsec.c.)
 * @throws BackupError PROTOCOL
 */
export function parsecResponse(password: string, serverNonce: Buffer, salted: Buffer): Buffer {
  const [kind, logarithm] = salted;
  if (kind !== 0x50 || logarithm === undefined || logarithm > maxIterationsLog) {
    throw malformed("a salt that parsec does not know");
  }
  const seed = pbkdf2Sync(password, salted.subarray(2), 1024 << logarithm, seedLength, "sha512");
  const key = createPrivateKey({ key: Buffer.concat([ed25519Header, seed]), format: "der", type: "pkcs8" });
  const clientNonce = randomBytes(clientNonceLength);
  return Buffer.concat([clientNonce, sign(null, Buffer.concat([serverNonce, clientNonce]), key)]);
}
