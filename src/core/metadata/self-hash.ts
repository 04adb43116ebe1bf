import { createHash } from "node:crypto";

/** The last field of a metadata file: SHA-256 of the file's text with zeros in place of these 64 digits. */
export const SELF_HASH_FIELD = "self_sha256";
const ZEROS = "0".repeat(64);

/** Metadata without the hash of its file as that file's text. */
export function withSelfHash(metadata: object): string {
  const text = `${JSON.stringify({ ...metadata, [SELF_HASH_FIELD]: ZEROS }, undefined, 2)}\n`;
  return replaceLast(text, ZEROS, sha256(text));
}

/** Whether a file's text is what was written, to the last byte. */
export function hasOwnHash(text: string, hash: string): boolean {
  return sha256(replaceLast(text, hash, ZEROS)) === hash;
}

function replaceLast(text: string, from: string, to: string): string {
  const at = text.lastIndexOf(`"${from}"`) + 1;
  return text.slice(0, at) + to + text.slice(at + from.length);
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
