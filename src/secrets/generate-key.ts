import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyCurve } from "../core/public-key-bytes.ts";
import { Secret } from "../core/secret.ts";
import { writerKeyText } from "../core/writer-key.ts";
import type { GeneratedKey } from "../ports/encryption.ts";
import { recipientText } from "./parse-key.ts";

const KEY_LENGTH = 32;

/** A new key as the text of a key file: base64, or PEM (PKCS #8) of a key pair. */
export function newKeyText(kind: "raw" | "ed25519" | KeyCurve): Omit<GeneratedKey, "keyId"> {
  if (kind === "raw") return { text: new Secret(`${randomBytes(KEY_LENGTH).toString("base64")}\n`) };
  if (kind === "ed25519") {
    const { privateKey } = generateKeyPairSync("ed25519");
    const text = privateKey.export({ format: "pem", type: "pkcs8" }) as string;
    return { text: new Secret(text), verifyKey: writerKeyText(privateKey) };
  }
  const pair = kind === "x25519" ? generateKeyPairSync("x25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = pair.privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  return { text: new Secret(pem), recipient: recipientText(kind, pair.publicKey) };
}
