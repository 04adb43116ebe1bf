import { createHmac, hkdfSync } from "node:crypto";
import { KEY_LENGTH } from "./container-layout.ts";

const PREFIX = "dbbackup enc v1 ";

/** HKDF with SHA-256 (RFC 5869), 32 bytes. `info` begins with this format's name. */
export function derive(secret: Uint8Array, salt: Uint8Array, label: string, ...bound: readonly Uint8Array[]): Buffer {
  const info = Buffer.concat([Buffer.from(PREFIX + label, "latin1"), ...bound]);
  return Buffer.from(hkdfSync("sha256", secret, salt, info, KEY_LENGTH));
}

/** What the data key of a file gives. */
export interface ContainerKeys {
  /** Of the frames. */
  readonly payload: Buffer;
  /** No other data key gives the same: two keys never open one file (AES-GCM alone does not promise that). */
  readonly commitment: Buffer;
  /** Of the MAC over header and key block. */
  readonly header: Buffer;
}

/** @param bound the first 96 bytes of the file */
export function containerKeys(dataKey: Uint8Array, salt: Uint8Array, bound: Uint8Array): ContainerKeys {
  return {
    payload: derive(dataKey, salt, "payload", bound),
    commitment: derive(dataKey, salt, "commit", bound),
    header: derive(dataKey, salt, "header", bound),
  };
}

/** @param bytes the header up to the end of the key block */
export function headerMac(keys: ContainerKeys, bytes: Uint8Array): Buffer {
  return createHmac("sha256", keys.header).update(bytes).digest();
}

/**
 * The MAC of what is said of a file elsewhere.
 * @param header salt and first 96 bytes of the file
 */
export function recordMac(
  dataKey: Uint8Array,
  { salt, bytes }: { readonly salt: Uint8Array; readonly bytes: Uint8Array },
  message: Uint8Array,
): Buffer {
  return createHmac("sha256", derive(dataKey, salt, "record", bytes))
    .update(message)
    .digest();
}
