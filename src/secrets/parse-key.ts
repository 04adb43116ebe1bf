import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { BackupError } from "../core/backup-error.ts";
import { type KeyCurve, publicKeyBytes, publicKeyOfBytes } from "../core/public-key-bytes.ts";
import { writerKeyOfText } from "../core/writer-key.ts";
import type { KeyMaterial } from "../ports/encryption.ts";

const KEY_LENGTH = 32;
/** Longer than any PEM text of a key that is taken. */
export const MAX_KEY_TEXT = 16 * 1024;

const forms = "64 hexadecimal digits, base64 of 32 bytes, or a PEM text of an X25519 or P-256 key";

/**
 * A key from the contents of a file or variable.
 * @param from what it is, for messages: `key file "..."`; the contents are never shown
 * @throws BackupError CONFIG
 */
export function parseKey(contents: Buffer, from: string): KeyMaterial {
  const text = contents.toString("latin1").trim();
  if (text.startsWith("-----BEGIN ")) return parsePem(text, from);
  const key = rawBytes(text) ?? (isBinary(contents) ? Buffer.from(contents) : undefined);
  if (key === undefined) throw unusable(from, `does not hold ${forms}`);
  return { kind: "raw", key };
}

/**
 * A public key as `keys generate` shows it (`x25519:` and base64), or a PEM text.
 * @throws BackupError CONFIG, also for private keys: those do not belong where only writing is wanted
 */
export function parseRecipient(text: string, from: string): KeyMaterial {
  const trimmed = text.trim();
  if (trimmed.startsWith("-----BEGIN ")) {
    const key = parsePem(trimmed, from);
    if (key.kind === "public") return key;
    throw unusable(from, "holds a private key, and a recipient is named by the public one");
  }
  const match = /^(x25519|p256):([A-Za-z0-9+/]+={0,2})$/.exec(trimmed);
  if (match === null) throw unusable(from, "is no public key: x25519:..., p256:..., or a PEM text");
  const curve = match[1] as KeyCurve;
  const bytes = Buffer.from(match[2]!, "base64");
  if (tryKey(() => publicKeyOfBytes(curve, bytes)) === undefined) throw unusable(from, `is no public key of ${curve}`);
  return { kind: "public", curve, bytes };
}

/** What {@link parseRecipient} reads. */
export function recipientText(curve: KeyCurve, publicKey: KeyObject): string {
  return `${curve}:${publicKeyBytes(publicKey).toString("base64")}`;
}

/**
 * The private key that a writer signs with, as PEM.
 * @throws BackupError CONFIG
 */
export function parseSignKey(contents: Buffer, from: string): KeyObject {
  const key = tryKey(() => createPrivateKey(contents.toString("latin1")));
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw unusable(
    from,
    "holds no private key of Ed25519",
    '"dbbackup keys generate --type ed25519 --output FILE" makes one',
  );
}

/**
 * A writer's public key as `keys generate` shows it (`ed25519:` and base64), or a PEM text.
 * @throws BackupError CONFIG
 */
export function parseVerifyKey(text: string, from: string): KeyObject {
  const trimmed = text.trim();
  const key = tryKey(() => (trimmed.startsWith("-----BEGIN ") ? createPublicKey(trimmed) : writerKeyOfText(trimmed)));
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw unusable(from, "is no public key of a writer: ed25519:..., or a PEM text");
}

function parsePem(text: string, from: string): KeyMaterial {
  if (text.startsWith("-----BEGIN ENCRYPTED ") || /^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw unusable(from, "holds a private key that is encrypted with a passphrase itself, which is not supported");
  }
  const isPrivate = /^-----BEGIN (?:EC )?PRIVATE KEY-----/.test(text);
  const key = tryKey(() => (isPrivate ? createPrivateKey(text) : createPublicKey(text)));
  const curve = key && curveOf(key);
  if (key === undefined || curve === undefined) throw unusable(from, "holds no key of X25519 or P-256");
  return isPrivate ? { kind: "private", curve, key } : { kind: "public", curve, bytes: publicKeyBytes(key) };
}

function rawBytes(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined;
  return Buffer.from(text, "base64");
}

/** 32 bytes that are no text. A passphrase of 32 letters is not taken for a key. */
function isBinary(contents: Buffer): boolean {
  return contents.length === KEY_LENGTH && contents.some((byte) => byte < 0x20 || byte > 0x7e);
}

function curveOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyCurve | undefined {
  if (asymmetricKeyType === "x25519") return "x25519";
  return asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1" ? "p256" : undefined;
}

function tryKey(make: () => KeyObject): KeyObject | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function unusable(from: string, why: string, hint = '"dbbackup keys generate --output FILE" makes a key'): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: `the ${from} ${why}`,
    hint,
  });
}
